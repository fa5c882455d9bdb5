#include "cleanup/alias.h"

#include "base/log.h"
#include "base/net.h"
#include "config/config.h"
#include "config/interfaces.h"
#include "mail/addr_find.h"
#include "mail/cleanup_client.h"
#include "mail/match.h"
#include "mail/quote.h"
#include "mail/rewrite_client.h"

static struct addr_find search;   /* tables NULL: there are no aliases */
static struct match_list *mydestination;
static bool is_extension_kept;    /* propagate_unmatched_extensions has "virtual" */

static enum match_result is_local(void *context, const char *domain)
{
    struct net_addr literal;
    char address[NET_HOST_LEN];
    size_t n = strlen(domain);

    (void) context;
    if (strcasecmp(domain, conf.myorigin) == 0)
        return MATCH_YES;
    if (n > 2 && n < sizeof(address) && domain[0] == '[' && domain[n - 1] == ']') {
        memcpy(address, domain + 1, n - 2);
        address[n - 2] = 0;
        return net_parse(&literal, address, 0) &&
                (interfaces_has(interfaces_own(), &literal) || interfaces_has(interfaces_proxy(), &literal))
            ? MATCH_YES : MATCH_NO;
    }
    return match_list_find(mydestination, domain);
}

void cleanup_alias_init(void)
{
    struct match_list *propagated = match_list_open("propagate_unmatched_extensions", conf.propagate_unmatched_extensions, MATCH_STRINGS);

    is_extension_kept = match_list_find(propagated, "virtual") == MATCH_YES;
    match_list_close(propagated);
    if (*conf.virtual_alias_maps == 0)
        return;
    mydestination = match_list_open("mydestination", conf.mydestination, MATCH_STRINGS);
    search = (struct addr_find){
        .tables = table_list_open(conf.virtual_alias_maps, TABLE_FOLD | (conf.smtputf8_enable ? TABLE_UTF8 : 0)),
        .steps = ADDR_FIND_ADDRESS, .delimiters = conf.recipient_delimiter,
        .double_bounce = conf.double_bounce_sender, .is_local = is_local,
    };
}

/* One expansion under way. */
struct expansion {
    struct message *message;
    const struct envelope_recipient *from;
    struct vec addresses;      /* const char *: found so far; those not yet looked up are at the end */
    struct hash seen;          /* an address that comes again is final: aliases may name themselves */
};

static void problem(struct expansion *x, const char *what)
{
    log_warn("%s: virtual_alias_maps: %s for %s -- message not accepted, try again later", x->message->queue_id, what,
        x->from->address);
    cleanup_message_refuse(x->message, CLEANUP_STAT_WRITE, "virtual alias problem");
}

/* A result is a list as in a header; what has no domain gets one. */
static void add_result(struct expansion *x, const char *address, const char *result, const char *extension)
{
    struct arena *a = &x->message->arena;
    struct vec plain = {0};
    struct str quoted = {0}, rewritten = {0}, internal = {0};

    addr_find_expand(a, address, result, extension, is_extension_kept, &plain);
    for (size_t i = 0; i < plain.count && x->message->status == 0; i++) {
        str_clear(&internal);
        if (!rewrite_address("local", quote_822(plain.items[i], &quoted), &rewritten))
            problem(x, "address rewriting problem");
        quote_remove(&internal, str_text(&rewritten));
        if (internal.len > (size_t) conf.virtual_alias_address_length_limit)
            problem(x, "address too long");
        vec_add(&x->addresses, arena_strdup(a, str_text(&internal)));
    }
    vec_done(&plain, NULL);
    str_done(&quoted);
    str_done(&rewritten);
    str_done(&internal);
}

/* Look one address up; true: it is final, it has no alias. */
static bool expand_one(struct expansion *x, const char *address)
{
    struct str value = {0}, extension = {0}, key = {0};
    bool is_final = true;

    str_set(&key, address);
    str_lower(&key);
    if (hash_put(&x->seen, str_text(&key), x) == NULL) {
        switch (addr_find(&search, address, &value, &extension)) {
        case TABLE_FOUND:
            is_final = false;
            add_result(x, address, str_text(&value), str_text(&extension));
            break;
        case TABLE_ABSENT:
            break;
        case TABLE_ERROR:
            problem(x, "map lookup problem");
            break;
        }
    }
    str_done(&value);
    str_done(&extension);
    str_done(&key);
    return is_final;
}

void cleanup_alias_expand(struct message *m, const struct envelope_recipient *r,
    void (*each)(void *context, const char *address, const struct envelope_recipient *from))
{
    struct expansion x = {.message = m, .from = r};

    if (search.tables == NULL || *r->address == 0) {
        each(m, r->address, r);
        return;
    }
    vec_add(&x.addresses, (void *) r->address);
    int lookups = 0;
    for (size_t i = 0; i < x.addresses.count && m->status == 0; i++) {
        if (x.addresses.count > (size_t) conf.virtual_alias_expansion_limit)
            problem(&x, "expansion limit exceeded");
        else if (++lookups > conf.virtual_alias_recursion_limit + conf.virtual_alias_expansion_limit)
            problem(&x, "unreasonable map nesting");
        else if (expand_one(&x, x.addresses.items[i]))
            each(m, x.addresses.items[i], r);
    }
    vec_done(&x.addresses, NULL);
    hash_done(&x.seen, NULL);
}
