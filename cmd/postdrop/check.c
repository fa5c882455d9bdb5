#include "cmd/postdrop/check.h"

#include <ctype.h>

#include "base/compiler.h"

/* By stage: the types that may come, and the one that ends it. */
static const struct {
    const char *types;
    int last;
} stages[] = {
    [POSTDROP_ENVELOPE] = {"CMFSRVA", REC_MESSAGE},
    [POSTDROP_CONTENT] = {"XLN", REC_EXTRACTED},
    [POSTDROP_EXTRACTED] = {"ERA", REC_END},
    [POSTDROP_END] = {"", 0},
};

static bool any_value(const char *value, size_t n)
{
    (void) value;
    return n > 0;
}

/* A request for a report on this delivery: that of a probe is for the mail system alone. */
static bool is_report(const char *value, size_t n)
{
    return (n == 3 && memcmp(value, "512", 3) == 0) || (n == 4 && memcmp(value, "1024", 4) == 0);
}

/* What people may say about their mail. The rest would be said in the name of the mail system. */
static const struct {
    const char *name;
    bool (*is_good)(const char *value, size_t n);
} attributes[] = {
    {"dsn_orig_rcpt", any_value}, {"encoding", any_value},        {"envelope_id", any_value}, {"notify_flags", any_value},
    {"ret_flags", any_value},     {"rewrite_context", any_value}, {"trace_flags", is_report},
};

static enum postdrop_verdict check_attribute(const struct record *r, struct str *why)
{
    const char *equals = memchr(r->payload, '=', r->len);

    if (equals == NULL) {
        str_setf(why, "ignoring malformed record: missing '=' after attribute name: %.*s", (int) r->len, r->payload);
        return POSTDROP_LEAVE_OUT;
    }
    size_t name_len = (size_t) (equals - r->payload);
    for (size_t i = 0; i < ARRAY_SIZE(attributes); i++)
        if (strlen(attributes[i].name) == name_len && memcmp(attributes[i].name, r->payload, name_len) == 0 &&
            attributes[i].is_good(equals + 1, r->len - name_len - 1))
            return POSTDROP_KEEP;
    str_setf(why, "ignoring attribute record: %.*s", (int) r->len, r->payload);
    return POSTDROP_LEAVE_OUT;
}

/* "-1 -1 -1 -1 -1 options": who submits mail knows no sizes yet. */
static bool is_blank_size(const struct record *r)
{
    const char *at = r->payload, *end = at + r->len;

    for (int i = 0; i < 5; i++) {
        while (at < end && *at == ' ')
            at++;
        if (end - at < 3 || memcmp(at, "-1 ", 3) != 0)
            return false;
        at += 3;
    }
    while (at < end && *at == ' ')
        at++;
    bool has_digit = at < end;
    while (at < end && isdigit((unsigned char) *at))
        at++;
    return has_digit && at == end;
}

/* A line end in an envelope would become a header of its own in what is made from it. */
static bool has_line_end(const struct record *r)
{
    return memchr(r->payload, '\r', r->len) != NULL || memchr(r->payload, '\n', r->len) != NULL ||
           memchr(r->payload, 0, r->len) != NULL;
}

enum postdrop_verdict postdrop_check_record(struct postdrop_check *c, const struct record *r, struct str *why)
{
    bool is_first = !c->has_record;

    c->has_record = true;
    if (r->type == 0 || strchr(stages[c->stage].types, r->type) == NULL ||
        (r->type == REC_SIZE && !(is_first && is_blank_size(r)))) {
        str_setf(why, "unexpected record type: %d", r->type);
        return POSTDROP_REFUSE;
    }
    if (c->stage != POSTDROP_CONTENT && has_line_end(r)) {
        str_setf(why, "CR, LF or NUL in envelope record, type %d", r->type);
        return POSTDROP_REFUSE;
    }
    if (r->type == stages[c->stage].last) {
        c->stage++;
        return POSTDROP_KEEP;
    }
    if (c->stage == POSTDROP_CONTENT)
        return POSTDROP_KEEP;
    c->has_sender |= r->type == REC_SENDER;
    c->has_recipient |= r->type == REC_RECIPIENT;
    return r->type == REC_ATTR ? check_attribute(r, why) : POSTDROP_KEEP;
}
