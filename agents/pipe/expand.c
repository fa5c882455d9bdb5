#include "agents/pipe/expand.h"

#include <ctype.h>
#include <string.h>

#include "base/log.h"
#include "config/config.h"
#include "mail/address.h"
#include "mail/quote.h"

struct expansion {
    const struct attributes *a;
    const struct delivery *d;
    const struct delivery_recipient *r; /* of those that are there once for each */
    const char *service;
    bool is_repeated;                   /* one of those was named */
};

/* --- values --- */

static void add_folded(struct str *out, const char *bytes, size_t n, bool is_folded)
{
    for (size_t i = 0; i < n; i++)
        str_addc(out, is_folded ? (char) tolower((unsigned char) bytes[i]) : bytes[i]);
}

static void add_quoted(struct str *out, const char *address, bool is_quoted)
{
    struct str quoted = {0};

    str_adds(out, is_quoted ? quote_822(address, &quoted) : address);
    str_done(&quoted);
}

static void add_address(struct str *out, const struct attributes *a, const char *address)
{
    struct str folded = {0};
    size_t local_len = address_local_len(address);

    add_folded(&folded, address, local_len, a->folds_user);
    add_folded(&folded, address + local_len, strlen(address + local_len), a->folds_host);
    add_quoted(out, str_text(&folded), a->quotes);
    str_done(&folded);
}

static size_t user_len(const char *address, size_t local_len)
{
    return address_user_len(address, local_len, conf.recipient_delimiter, conf.double_bounce_sender);
}

static void add_recipient(struct str *out, const struct expansion *e)
{
    add_address(out, e->a, e->r->address);
}

static void add_original(struct str *out, const struct expansion *e)
{
    add_address(out, e->a, e->r->original);
}

static void add_mailbox(struct str *out, const struct expansion *e)
{
    add_folded(out, e->r->address, address_local_len(e->r->address), e->a->folds_user);
}

static void add_user(struct str *out, const struct expansion *e)
{
    size_t local_len = address_local_len(e->r->address);

    add_folded(out, e->r->address, user_len(e->r->address, local_len), e->a->folds_user);
}

static void add_extension(struct str *out, const struct expansion *e)
{
    size_t local_len = address_local_len(e->r->address), n = user_len(e->r->address, local_len);

    if (n < local_len)
        add_folded(out, e->r->address + n + 1, local_len - n - 1, e->a->folds_user);
}

static void add_domain(struct str *out, const struct expansion *e)
{
    const char *domain = address_domain(e->r->address);

    if (domain != NULL)
        add_folded(out, domain, strlen(domain), e->a->folds_host);
}

const char *pipe_expand_sender(const struct attributes *a, const struct delivery *d)
{
    return *d->sender != 0 ? d->sender : a->null_sender;
}

static void add_sender(struct str *out, const struct expansion *e)
{
    add_quoted(out, pipe_expand_sender(e->a, e->d), e->a->quotes);
}

static void add_nexthop(struct str *out, const struct expansion *e)
{
    add_folded(out, e->d->nexthop, strlen(e->d->nexthop), e->a->folds_host);
}

static void add_size(struct str *out, const struct expansion *e)
{
    str_addf(out, "%llu", (unsigned long long) e->d->data_size);
}

#define ADD_AS_IT_IS(name)                                         \
    static void add_##name(struct str *out, const struct expansion *e) \
    {                                                              \
        str_adds(out, e->d->name);                                 \
    }
ADD_AS_IT_IS(queue_id)
ADD_AS_IT_IS(envelope_id)
ADD_AS_IT_IS(client_address)
ADD_AS_IT_IS(client_helo)
ADD_AS_IT_IS(client_name)
ADD_AS_IT_IS(client_port)
ADD_AS_IT_IS(client_proto)
ADD_AS_IT_IS(sasl_method)
ADD_AS_IT_IS(sasl_sender)
ADD_AS_IT_IS(sasl_username)

static const struct macro {
    const char *name;
    bool is_repeated;
    void (*add)(struct str *out, const struct expansion *e);
} macros[] = {
    {"client_address", false, add_client_address},
    {"client_helo", false, add_client_helo},
    {"client_hostname", false, add_client_name},
    {"client_port", false, add_client_port},
    {"client_protocol", false, add_client_proto},
    {"domain", true, add_domain},
    {"envid", false, add_envelope_id},
    {"extension", true, add_extension},
    {"mailbox", true, add_mailbox},
    {"nexthop", false, add_nexthop},
    {"original_recipient", true, add_original},
    {"queue_id", false, add_queue_id},
    {"recipient", true, add_recipient},
    {"sasl_method", false, add_sasl_method},
    {"sasl_sender", false, add_sasl_sender},
    {"sasl_username", false, add_sasl_username},
    {"sender", false, add_sender},
    {"size", false, add_size},
    {"user", true, add_user},
};

/* --- arguments --- */

/* The name behind a '$', which *at is moved behind: name, {name}, (name). NULL: logged. */
static const char *next_name(const char **at, const char *argument, size_t *len)
{
    char open = **at, close = open == '{' ? '}' : ')';
    const char *name = *at;
    int depth = 0;

    if (open == '{' || open == '(') {
        do {
            depth += **at == open ? 1 : **at == close ? -1 : 0;
        } while (*(*at)++ != 0 && depth > 0);
        if (depth > 0) {
            log_warn("truncated macro reference: \"%s\"", argument);
            return NULL;
        }
        *len = (size_t) (*at - ++name) - 1;
    } else {
        while (isalnum((unsigned char) **at) || **at == '_')
            (*at)++;
        *len = (size_t) (*at - name);
    }
    if (*len > 0)
        return name;
    log_warn("empty macro name: \"%s\"", argument);
    return NULL;
}

static bool add_macro(struct str *out, struct expansion *e, const char *name, size_t len)
{
    for (size_t i = 0; i < ARRAY_SIZE(macros); i++) {
        if (strlen(macros[i].name) != len || memcmp(macros[i].name, name, len) != 0)
            continue;
        macros[i].add(out, e);
        e->is_repeated |= macros[i].is_repeated;
        return true;
    }
    log_warn("file %s/master.cf: service %s: unknown macro name: \"%.*s\"", config_dir(), e->service, (int) len, name);
    return false;
}

static bool expand_argument(const char *argument, struct expansion *e, struct str *out)
{
    for (const char *at = argument; *at != 0;) {
        size_t len = strcspn(at, "$");
        str_add(out, at, len);
        at += len;
        if (*at == 0)
            break;
        if (*++at == '$') {
            str_addc(out, *at++);
            continue;
        }
        const char *name = next_name(&at, argument, &len);
        if (name == NULL || !add_macro(out, e, name, len))
            return false;
    }
    return true;
}

/* Once, or once for each recipient. */
static bool add_argument(struct arena *memory, const char *argument, struct expansion *e, struct vec *argv)
{
    struct str out = {0};
    bool ok = true;

    e->is_repeated = false;
    for (size_t i = 0; ok && (i == 0 || (e->is_repeated && i < e->d->recipient_count)); i++) {
        e->r = &e->d->recipients[i];
        str_clear(&out);
        ok = expand_argument(argument, e, &out);
        if (ok)
            vec_add(argv, arena_strdup(memory, str_text(&out)));
    }
    str_done(&out);
    return ok;
}

bool pipe_expand(struct arena *memory, const struct attributes *a, const struct delivery *d, const char *service,
    struct vec *argv)
{
    struct expansion e = {.a = a, .d = d, .service = service};
    bool ok = true;

    for (size_t i = 0; ok && a->argv[i] != NULL; i++)
        ok = add_argument(memory, a->argv[i], &e, argv);
    vec_add(argv, NULL);
    return ok;
}
