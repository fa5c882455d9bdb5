#include "smtp/filter.h"

#include "base/log.h"
#include "config/config.h"
#include "mail/addr_map.h"
#include "mail/address_list.h"
#include "mail/checks.h"
#include "mail/mime.h"
#include "mail/quote.h"

struct smtp_filter {
    struct attempt *a;
    struct smtp_text *out;
    struct mime *mime;
    struct check found;
    bool has_failed;
};

static struct {
    struct mime_limits limits;
    struct checks *checks;    /* NULL: none */
    struct addr_map *generic; /* NULL: none */
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

bool smtp_filter_waits(void)
{
    return rules.generic != NULL;
}

/* Who gets several addresses has made a mistake: the first counts. */
static const char *choose(const char *address, const struct vec *results)
{
    struct str quoted = {0};

    if (results->count > 1)
        log_warn("multi-valued %s result for %s", addr_map_name(rules.generic), quote_822(address, &quoted));
    str_done(&quoted);
    return results->count > 0 ? results->items[0] : address;
}

bool smtp_filter_address(const struct attempt *a, const char *address, const char **result)
{
    struct vec results = {0};
    bool ok = true;

    *result = address;
    if (rules.generic == NULL || *address == 0)
        return true;
    switch (addr_map_find(rules.generic, a->memory, address, &results)) {
    case TABLE_FOUND:
        *result = choose(address, &results);
        break;
    case TABLE_ABSENT:
        break;
    case TABLE_ERROR:
        log_warn("%s: %s map lookup problem for %s", a->d->queue_id, addr_map_name(rules.generic), address);
        ok = false;
        break;
    }
    vec_done(&results, NULL);
    return ok;
}

/* All addresses of a header. */
static bool map_header(struct smtp_filter *f, struct str *text)
{
    const char *value = header_value(str_text(text)), *mapped;
    size_t name_len = header_name_len(text->data, text->len);
    struct address_list *list = address_list_parse(f->a->memory, value, (size_t) conf.header_address_token_limit);

    for (size_t i = 0; i < address_list_count(list); i++) {
        const char *address = address_list_internal(list, i);
        if (!smtp_filter_address(f->a, address, &mapped))
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

enum verdict { KEEP, DROP, FAILED };

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

static void log_check(const struct smtp_filter *f, enum check_action action, const char *where, const char *content)
{
    const char *text = str_text(&f->found.text);

    log_info("%s: %s: %s %.60s%s%s", f->a->d->queue_id, checks_word(action), where, content, *text != 0 ? ": " : "",
        text);
}

/* content is the header or line that was asked about. */
static enum verdict obey(struct smtp_filter *f, enum check_action action, const char *where, struct str *content)
{
    switch (action) {
    case CHECK_NONE:
        return KEEP;
    case CHECK_IGNORE:
        return DROP;
    case CHECK_STRIP:
        log_check(f, action, where, str_text(content));
        return DROP;
    case CHECK_INFO:
    case CHECK_WARN:
        log_check(f, action, where, str_text(content));
        return KEEP;
    case CHECK_REPLACE:
        log_check(f, action, where, str_text(content));
        str_set(content, str_text(&f->found.text));
        return KEEP;
    case CHECK_PREPEND:
        log_check(f, action, where, str_text(content));
        add_lines(f->out, str_text(&f->found.text));
        return KEEP;
    case CHECK_ERROR:
        log_warn("%s: smtp %s checks lookup error", f->a->d->queue_id, where);
        return FAILED;
    case CHECK_BCC:
    case CHECK_DISCARD:
    case CHECK_FILTER:
    case CHECK_HOLD:
    case CHECK_PASS:
    case CHECK_REDIRECT:
    case CHECK_REJECT:
        break;
    }
    panic("action %d while delivering", (int) action);
}

void smtp_filter_open(void)
{
    const struct checks_tables tables = {
        .header = conf.smtp_header_checks,
        .mime_header = conf.smtp_mime_header_checks,
        .nested_header = conf.smtp_nested_header_checks,
        .body = conf.smtp_body_checks,
    };

    rules.limits = (struct mime_limits){
        .line_length = (size_t) conf.line_length_limit,
        .header_size = (size_t) conf.header_size_limit,
        .boundary_length = (size_t) conf.mime_boundary_length_limit,
        .nesting = (size_t) conf.mime_nesting_limit,
    };
    rules.generic = addr_map_open(smtp_is_lmtp() ? "lmtp_generic_maps" : "smtp_generic_maps", conf.smtp_generic_maps,
        "generic");
    rules.checks = checks_open(CHECKS_DELIVERING, smtp_is_lmtp() ? "lmtp_" : "smtp_", &tables);
}

/* --- the message passes --- */

static void on_header(void *context, enum mime_class class, const struct header_info *known, struct str *text)
{
    struct smtp_filter *f = context;
    bool has_addresses = known != NULL && (known->flags & (HEADER_OF_SENDER | HEADER_OF_RECIPIENT)) != 0;

    if (f->has_failed)
        return;
    enum verdict verdict = obey(f, checks_header(rules.checks, class, known, text, &f->found), "header", text);
    if (verdict == KEEP && rules.generic != NULL && class == MIME_PRIMARY && has_addresses && !map_header(f, text))
        verdict = FAILED;
    f->has_failed = verdict == FAILED;
    if (verdict == KEEP)
        add_lines(f->out, str_text(text));
}

static void on_body(void *context, enum mime_piece piece, const char *line, size_t n)
{
    struct smtp_filter *f = context;

    if (f->has_failed)
        return;
    enum check_action action = checks_line(rules.checks, line, n, &f->found);
    if (action == CHECK_NONE) {
        smtp_text_add(f->out, line, n, piece == MIME_LINE);
        return;
    }
    struct str text = {0};
    str_add(&text, line, n);
    enum verdict verdict = obey(f, action, "body", &text);
    f->has_failed = verdict == FAILED;
    if (verdict == KEEP)
        smtp_text_add(f->out, str_text(&text), text.len, piece == MIME_LINE);
    str_done(&text);
}

static const struct mime_events events = {.header = on_header, .body = on_body};

bool smtp_filter_is_downgraded(const struct attempt *a, int features)
{
    return !conf.disable_mime_output_conversion && (features & FEATURE_8BITMIME) == 0 &&
        strcmp(a->d->encoding, "7bit") != 0;
}

bool smtp_filter_is_needed(const struct attempt *a, const struct session *s)
{
    return rules.generic != NULL || rules.checks != NULL || smtp_filter_is_downgraded(a, s->features);
}

struct smtp_filter *smtp_filter_begin(struct attempt *a, struct session *s, struct smtp_text *out)
{
    struct smtp_filter *f = arena_new(a->memory, struct smtp_filter);
    int options = smtp_filter_is_downgraded(a, s->features) ? MIME_DOWNGRADE : 0;

    if (conf.disable_mime_input_processing && options == 0)
        options = MIME_DISABLE;
    f->a = a;
    f->out = out;
    f->mime = mime_new(options, &rules.limits, &events, f);
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
    checks_found_done(&f->found);
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
