#include "smtp/filter.h"

#include <ctype.h>

#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "config/interfaces.h"
#include "mail/addr_find.h"
#include "mail/address.h"
#include "mail/address_list.h"
#include "mail/mime.h"
#include "mail/quote.h"
#include "mail/rewrite_client.h"

struct smtp_filter {
    struct attempt *a;
    struct smtp_text *out;
    struct mime *mime;
    bool has_failed;
};

static struct {
    struct table_list *header[MIME_NESTED + 1], *body; /* header: by class; NULL: none */
    struct addr_find generic;
    bool has_generic, has_checks, propagates_extension;
    struct match_list *mydestination;
    bool adds_delivered_to, adds_original_to, adds_return_path, is_final;
} rules;

bool smtp_filter_set_flags(const char *letters)
{
    for (; *letters != 0; letters++)
        switch (*letters) {
        case 'D': rules.adds_delivered_to = true; break;
        case 'O': rules.adds_original_to = true; break;
        case 'R': rules.adds_return_path = true; break;
        case 'X': rules.is_final = true; break;
        default: return false;
        }
    return true;
}

bool smtp_filter_is_final(void)
{
    return rules.is_final;
}

/* --- smtp_generic_maps --- */

static bool is_own_literal(const char *domain)
{
    char text[NET_HOST_LEN];
    struct net_addr addr;
    size_t n = strlen(domain);

    if (n < 3 || n > sizeof(text) || domain[0] != '[' || domain[n - 1] != ']')
        return false;
    domain += strncasecmp(domain, "[ipv6:", 6) == 0 ? 6 : 1;
    n = strlen(domain) - 1;
    memcpy(text, domain, n);
    text[n] = 0;
    return net_parse(&addr, text, 0) &&
        (interfaces_has(interfaces_own(), &addr) || interfaces_has(interfaces_proxy(), &addr));
}

static enum match_result is_local(void *context, const char *domain)
{
    (void) context;
    if (strcasecmp(domain, conf.myorigin) == 0 || is_own_literal(domain))
        return MATCH_YES;
    return match_list_find(rules.mydestination, domain);
}

static void open_generic(void)
{
    rules.has_generic = *conf.smtp_generic_maps != 0;
    if (!rules.has_generic)
        return;
    rules.mydestination = match_list_open("mydestination", conf.mydestination, MATCH_DOMAINS);
    rules.propagates_extension = strstr(conf.propagate_unmatched_extensions, "generic") != NULL;
    rules.generic = (struct addr_find){
        .tables = table_list_open(conf.smtp_generic_maps, TABLE_FOLD),
        .steps = ADDR_FIND_ADDRESS,
        .delimiters = conf.recipient_delimiter,
        .double_bounce = conf.double_bounce_sender,
        .is_local = is_local,
    };
}

bool smtp_filter_waits(void)
{
    return rules.has_generic;
}

/* False: a table failed. */
static bool map_address(struct arena *memory, const char *address, const char **result)
{
    struct str value = {0}, extension = {0}, standard = {0};
    struct vec addresses = {0};
    enum table_result found = TABLE_ABSENT;

    *result = address;
    if (rules.has_generic && *address != 0)
        found = addr_find(&rules.generic, address, &value, &extension);
    if (found == TABLE_FOUND) {
        addr_find_expand(memory, address, str_text(&value), str_text(&extension), rules.propagates_extension,
            &addresses);
        if (addresses.count > 0)
            *result = addresses.items[0];
        if (address_domain(*result) == NULL && rewrite_address("local", *result, &standard))
            *result = arena_strdup(memory, str_text(&standard));
    }
    vec_done(&addresses, NULL);
    str_done(&value);
    str_done(&extension);
    str_done(&standard);
    return found != TABLE_ERROR;
}

bool smtp_filter_address(struct attempt *a, const char *address, const char **result)
{
    return map_address(a->memory, address, result);
}

/* All addresses of a header. */
static bool map_header(struct smtp_filter *f, struct str *text)
{
    const char *value = header_value(str_text(text)), *mapped;
    size_t name_len = header_name_len(text->data, text->len);
    struct address_list *list = address_list_parse(f->a->memory, value, (size_t) conf.header_address_token_limit);

    for (size_t i = 0; i < address_list_count(list); i++) {
        const char *address = address_list_internal(list, i);
        if (!map_address(f->a->memory, address, &mapped))
            return false;
        if (mapped != address)
            address_list_set_internal(list, i, mapped);
    }
    if (address_list_is_changed(list)) {
        str_cut(text, name_len);
        str_adds(text, ": ");
        address_list_format(list, text);
    }
    return true;
}

/* --- checks --- */

enum check { CHECK_KEEP, CHECK_DROP, CHECK_FAILED };

static void add_lines(struct smtp_text *out, const char *text)
{
    for (;;) {
        size_t n = strcspn(text, "\n");
        smtp_text_add(out, text, n, true);
        if (text[n] == 0)
            return;
        text += n + 1;
    }
}

static void log_check(struct smtp_filter *f, const char *action, const char *where, const char *content,
    const char *text)
{
    log_info("%s: %s: %s %.60s%s%s", f->a->d->queue_id, action, where, content, *text != 0 ? ": " : "", text);
}

/* One of the actions that make sense when a message is on its way out (header_checks(5)). */
static enum check obey(struct smtp_filter *f, const char *where, struct str *content, char *action)
{
    char *argument = action + strcspn(action, " \t");

    if (*argument != 0)
        *argument++ = 0;
    argument += strspn(argument, " \t");
    if (strcasecmp(action, "IGNORE") == 0)
        return CHECK_DROP;
    if (strcasecmp(action, "STRIP") == 0) {
        log_check(f, "strip", where, str_text(content), argument);
        return CHECK_DROP;
    }
    if (strcasecmp(action, "WARN") == 0)
        log_check(f, "warning", where, str_text(content), argument);
    else if (strcasecmp(action, "INFO") == 0)
        log_check(f, "info", where, str_text(content), argument);
    else if (strcasecmp(action, "REPLACE") == 0 && *argument != 0) {
        log_check(f, "replace", where, str_text(content), argument);
        str_set(content, argument);
    } else if (strcasecmp(action, "PREPEND") == 0 && *argument != 0) {
        log_check(f, "prepend", where, str_text(content), argument);
        add_lines(f->out, argument);
    } else if (strcasecmp(action, "DUNNO") != 0 && strcasecmp(action, "OK") != 0)
        log_warn("unsupported command in smtp checks: %s", action);
    return CHECK_KEEP;
}

static enum check check(struct smtp_filter *f, struct table_list *tables, const char *where, struct str *content)
{
    struct str action = {0};
    enum check result = CHECK_KEEP;

    if (tables == NULL)
        return CHECK_KEEP;
    switch (table_list_find(tables, str_text(content), &action)) {
    case TABLE_FOUND:
        result = action.len == 0 ? CHECK_KEEP : obey(f, where, content, action.data);
        break;
    case TABLE_ABSENT:
        break;
    case TABLE_ERROR:
        log_warn("%s: smtp %s checks lookup error", f->a->d->queue_id, where);
        result = CHECK_FAILED;
        break;
    }
    str_done(&action);
    return result;
}

static struct table_list *open_checks(const char *tables)
{
    rules.has_checks = rules.has_checks || *tables != 0;
    return *tables != 0 ? table_list_open(tables, 0) : NULL;
}

void smtp_filter_open(void)
{
    open_generic();
    rules.header[MIME_PRIMARY] = open_checks(conf.smtp_header_checks);
    rules.header[MIME_PART] = open_checks(conf.smtp_mime_header_checks);
    rules.header[MIME_NESTED] = open_checks(conf.smtp_nested_header_checks);
    rules.body = open_checks(conf.smtp_body_checks);
}

/* --- the message passes --- */

static void on_header(void *context, enum mime_class class, const struct header_info *known, struct str *text)
{
    struct smtp_filter *f = context;
    bool has_addresses = known != NULL && (known->flags & (HEADER_OF_SENDER | HEADER_OF_RECIPIENT)) != 0;
    enum check result = f->has_failed ? CHECK_FAILED : check(f, rules.header[class], "header", text);

    if (result == CHECK_KEEP && rules.has_generic && class == MIME_PRIMARY && has_addresses && !map_header(f, text)) {
        log_warn("%s: smtp_generic_maps lookup error", f->a->d->queue_id);
        result = CHECK_FAILED;
    }
    f->has_failed = result == CHECK_FAILED;
    if (result == CHECK_KEEP)
        add_lines(f->out, str_text(text));
}

static void on_body(void *context, enum mime_piece piece, const char *line, size_t n)
{
    struct smtp_filter *f = context;
    struct str text = {0};

    if (f->has_failed)
        return;
    if (rules.body == NULL) {
        smtp_text_add(f->out, line, n, piece == MIME_LINE);
        return;
    }
    str_add(&text, line, n);
    switch (check(f, rules.body, "body", &text)) {
    case CHECK_KEEP:
        smtp_text_add(f->out, str_text(&text), text.len, piece == MIME_LINE);
        break;
    case CHECK_DROP:
        break;
    case CHECK_FAILED:
        f->has_failed = true;
        break;
    }
    str_done(&text);
}

static const struct mime_events events = {.header = on_header, .body = on_body};

static bool is_downgraded(const struct attempt *a, const struct session *s)
{
    return !conf.disable_mime_output_conversion && (s->features & FEATURE_8BITMIME) == 0 &&
        strcmp(a->d->encoding, "7bit") != 0;
}

bool smtp_filter_is_needed(const struct attempt *a, const struct session *s)
{
    return rules.has_generic || rules.has_checks || is_downgraded(a, s);
}

struct smtp_filter *smtp_filter_begin(struct attempt *a, struct session *s, struct smtp_text *out)
{
    struct smtp_filter *f = arena_new(a->memory, struct smtp_filter);
    int options = is_downgraded(a, s) ? MIME_DOWNGRADE : 0;

    if (conf.disable_mime_input_processing && options == 0)
        options = MIME_DISABLE;
    f->a = a;
    f->out = out;
    f->mime = mime_new(options, &mime_default_limits, &events, f);
    return f;
}

void smtp_filter_line(struct smtp_filter *f, const char *line, size_t n, bool is_end)
{
    mime_line(f->mime, is_end ? MIME_LINE : MIME_CONTINUED, line, n);
}

bool smtp_filter_end(struct smtp_filter *f)
{
    mime_end(f->mime);
    mime_free(f->mime);
    return !f->has_failed;
}

/* --- headers in front --- */

static void prepend(struct smtp_text *out, const char *name, const char *before, const char *address, const char *after)
{
    struct str line = {0}, quoted = {0};

    str_addf(&line, "%s: %s%s%s", name, before, quote_822(address, &quoted), after);
    smtp_text_add(out, line.data, line.len, true);
    str_done(&line);
    str_done(&quoted);
}

void smtp_filter_prepend(const struct attempt *a, struct smtp_text *out)
{
    const struct delivery_recipient *r = &a->d->recipients[0];

    if (rules.adds_return_path)
        prepend(out, "Return-Path", "<", a->d->sender, ">");
    if (a->d->recipient_count != 1)
        return;
    if (rules.adds_original_to && *r->original != 0)
        prepend(out, "X-Original-To", "", r->original, "");
    if (rules.adds_delivered_to)
        prepend(out, "Delivered-To", "", r->address, "");
}
