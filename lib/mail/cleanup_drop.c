#include "mail/cleanup_drop.h"

#include "config/config.h"
#include "ipc/attr.h"
#include "mail/cleanup_client.h"
#include "queue/envelope.h"
#include "queue/record.h"

static const char *next_text(const char **cursor)
{
    const char *text = *cursor;

    *cursor += strlen(text) + 1;
    return text;
}

static void put_attribute(struct postdrop *p, const char *name, const char *value)
{
    static const struct {
        const char *name;
        int type;
    } known[] = {
        {"sender", REC_SENDER},     {"full_name", REC_FULL_NAME}, {"verp_delimiters", REC_VERP},
        {"encoding", REC_ATTR},     {"envelope_id", REC_ATTR},    {"ret_flags", REC_ATTR},
    };

    for (size_t i = 0; i < ARRAY_SIZE(known); i++)
        if (strcmp(known[i].name, name) == 0 && known[i].type == REC_ATTR)
            postdrop_add_attr(p, name, value);
        else if (strcmp(known[i].name, name) == 0 && (*value != 0 || known[i].type == REC_SENDER))
            postdrop_adds(p, known[i].type, value);
}

static void put_size(struct postdrop *p, int sendopts)
{
    struct str text = {0};

    str_addf(&text, "%15d %15d %15d %15d %15d %15d", -1, -1, -1, -1, -1, sendopts);
    postdrop_adds(p, REC_SIZE, str_text(&text));
    str_done(&text);
}

void cleanup_drop_envelope(struct postdrop *p, int flags, const struct str *attributes, const struct str *recipients)
{
    const char *cursor = str_text(attributes), *end = cursor + attributes->len;
    struct attrs list;

    if ((flags & CLEANUP_SMTPUTF8) != 0)
        put_size(p, SENDOPT_SMTPUTF8_REQUESTED);
    while (cursor < end) {
        const char *name = next_text(&cursor);
        put_attribute(p, name, next_text(&cursor));
    }
    cursor = str_text(recipients);
    end = cursor + recipients->len;
    while (cursor < end && attrs_parse(&cursor, end, &list)) {
        postdrop_add_attr(p, "dsn_orig_rcpt", attrs_text(&list, "dsn_orcpt", ""));
        if (attrs_long(&list, "notify", 0) != 0)
            postdrop_add_attr(p, "notify_flags", attrs_text(&list, "notify", ""));
        postdrop_adds(p, REC_RECIPIENT, attrs_text(&list, "recipient", ""));
    }
    postdrop_add(p, REC_MESSAGE, "", 0);
}

static bool put_line(struct postdrop *p, const char *line, size_t n)
{
    size_t limit = (size_t) conf.line_length_limit;

    for (; n > limit; line += limit, n -= limit)
        postdrop_add(p, REC_PART, line, limit);
    return postdrop_add(p, REC_LINE, line, n);
}

bool cleanup_drop_content(struct postdrop *p, struct str *text)
{
    const char *line = str_text(text), *end = line + text->len, *lf;
    bool ok = true;

    while (ok && (lf = memchr(line, '\n', (size_t) (end - line))) != NULL) {
        ok = put_line(p, line, (size_t) (lf - line));
        line = lf + 1;
    }
    str_drop(text, (size_t) (line - str_text(text)));
    return ok;
}

int cleanup_drop_commit(struct postdrop *p, struct str *text, struct str *reason)
{
    if (text->len > 0 && text->data[text->len - 1] != '\n')
        str_addc(text, '\n');
    cleanup_drop_content(p, text);
    postdrop_add(p, REC_EXTRACTED, "", 0);
    postdrop_add(p, REC_END, "", 0);
    return postdrop_commit(p, reason);
}
