#include "cleanup/inspect.h"

#include "base/log.h"
#include "base/words.h"
#include "cleanup/content.h"
#include "config/config.h"
#include "mail/checks.h"
#include "mail/cleanup_client.h"

enum { LOGGED_BYTES = 200 }; /* of what was found */

static struct checks *checks; /* NULL: none */
static bool is_rejected[256], is_stripped[256], has_characters;

/* \a \b \f \n \r \t \v \ooo \\ : the characters that a parameter's value stands for. */
static void read_characters(const char *value, bool set[256])
{
    static const char letters[] = "abfnrtv", meanings[] = "\a\b\f\n\r\t\v";

    for (const char *p = value; *p != 0; p++) {
        unsigned char c = (unsigned char) *p;
        if (c == '\\' && p[1] != 0) {
            const char *letter = strchr(letters, *++p);
            c = letter != NULL ? (unsigned char) meanings[letter - letters] : (unsigned char) *p;
            if (*p >= '0' && *p <= '7') {
                c = 0;
                for (int digits = 0; digits < 3 && *p >= '0' && *p <= '7'; digits++, p++)
                    c = (unsigned char) (c * 8 + (*p - '0'));
                p--;
            }
        }
        set[c] = has_characters = true;
    }
}

void cleanup_inspect_init(void)
{
    const struct checks_tables tables = {
        .header = conf.header_checks,
        .mime_header = conf.mime_header_checks,
        .nested_header = conf.nested_header_checks,
        .body = conf.body_checks,
    };

    checks = checks_open(CHECKS_RECEIVING, "", &tables);
    read_characters(conf.message_reject_characters, is_rejected);
    read_characters(conf.message_strip_characters, is_stripped);
}

bool cleanup_inspect_has_checks(void)
{
    return *conf.header_checks != 0 || *conf.mime_header_checks != 0 || *conf.nested_header_checks != 0;
}

void cleanup_inspect_begin(struct message *m)
{
    m->inspects = 0;
    if ((m->flags & CLEANUP_FILTER) == 0)
        return;
    m->inspects = (checks != NULL ? INSPECT_HEADERS : 0) | (checks_has_body(checks) ? INSPECT_BODY : 0) |
        (has_characters ? INSPECT_CHARACTERS : 0);
}

/* What was found decides about the whole message. */
static void inspect_no_more(struct message *m)
{
    m->flags &= ~(CLEANUP_FILTER | CLEANUP_MILTER);
    m->inspects = 0;
}

void cleanup_inspect_log(const struct message *m, const char *action, const char *what, const char *content, size_t len,
    const char *text)
{
    struct str line = {0};

    str_addf(&line, "%s: %s: %s %.*s from %s; from=<%s>", m->queue_id, action, what,
        (int) (len < LOGGED_BYTES ? len : LOGGED_BYTES), content, m->origin, m->sender);
    if (m->recipient != NULL)
        str_addf(&line, " to=<%s>", m->recipient);
    if (*m->proto != 0)
        str_addf(&line, " proto=%s", m->proto);
    if (*m->helo != 0)
        str_addf(&line, " helo=<%s>", m->helo);
    if (*text != 0)
        str_addf(&line, ": %s", text);
    log_info("%s", str_text(&line));
    str_done(&line);
}

/* --- headers and lines of the body --- */

/* What is asked about. */
struct subject {
    const char *what;       /* "header", "body" */
    enum mime_class class;  /* of a header */
    bool is_header;
    const char *text;
    size_t len;
};

enum verdict { KEEP, DROP, REPLACE };

static void failed(struct message *m)
{
    log_warn("%s: %s map lookup problem -- message not accepted, try again later", m->queue_id, m->found.map);
    cleanup_message_refuse(m, CLEANUP_STAT_WRITE, "");
}

static void reject(struct message *m)
{
    const char *reason = str_text(&m->found.text);

    cleanup_message_refuse(m, *reason == '4' ? CLEANUP_STAT_DEFER : CLEANUP_STAT_CONT, reason);
    inspect_no_more(m);
}

static void prepend(struct message *m, const struct subject *s)
{
    if (s->is_header)
        cleanup_content_put_header(m, s->class, &m->found.text);
    else
        cleanup_content_put_line(m, str_text(&m->found.text), m->found.text.len);
}

/* The effect of an action that is not about this header or line alone. */
static void decide(struct message *m, enum check_action action)
{
    const char *argument = str_text(&m->found.text);

    if (action == CHECK_REJECT)
        reject(m);
    else if (action == CHECK_HOLD)
        m->flags |= CLEANUP_HOLD;
    else if (action == CHECK_FILTER)
        m->filter = arena_strdup(&m->arena, argument);
    else if (action == CHECK_BCC)
        vec_add(&m->bcc, arena_strdup(&m->arena, argument));
    else if (action == CHECK_REDIRECT)
        m->redirect = arena_strdup(&m->arena, argument);
    else if (action == CHECK_DISCARD)
        cleanup_message_discard(m);
    if (action == CHECK_REDIRECT || action == CHECK_DISCARD || action == CHECK_PASS)
        inspect_no_more(m);
}

static void log_action(const struct message *m, enum check_action action, const struct subject *s)
{
    cleanup_inspect_log(m, checks_word(action), s->what, s->text, s->len, str_text(&m->found.text));
}

static enum verdict obey(struct message *m, enum check_action action, const struct subject *s)
{
    switch (action) {
    case CHECK_NONE:
        return KEEP;
    case CHECK_ERROR:
        failed(m);
        return KEEP;
    case CHECK_IGNORE:
        return DROP;
    case CHECK_STRIP:
        log_action(m, action, s);
        return DROP;
    case CHECK_REPLACE:
        log_action(m, action, s);
        return REPLACE;
    case CHECK_PREPEND:
        log_action(m, action, s);
        prepend(m, s);
        return KEEP;
    case CHECK_HOLD:
        if ((m->flags & CLEANUP_HOLD) != 0)
            return KEEP;
        break;
    case CHECK_BCC:
    case CHECK_DISCARD:
    case CHECK_FILTER:
    case CHECK_INFO:
    case CHECK_PASS:
    case CHECK_REDIRECT:
    case CHECK_REJECT:
    case CHECK_WARN:
        break;
    }
    log_action(m, action, s);
    decide(m, action);
    return KEEP;
}

bool cleanup_inspect_header(struct message *m, enum mime_class class, const struct header_info **known,
    struct str *text)
{
    enum check_action action = checks_header(checks, class, *known, text, &m->found);
    const struct subject subject = {
        .what = "header", .class = class, .is_header = true, .text = str_text(text), .len = text->len};
    enum verdict verdict = obey(m, action, &subject);

    if (verdict == REPLACE) {
        str_set(text, str_text(&m->found.text));
        *known = header_find(text->data, header_name_len(text->data, text->len));
    }
    return verdict != DROP;
}

bool cleanup_inspect_line(struct message *m, const char **text, size_t *len)
{
    size_t limit = (size_t) conf.body_checks_size_limit;

    if (*len == 0 || (limit > 0 && mime_body_offset(m->mime) >= limit))
        return true;
    enum check_action action = checks_line(checks, *text, *len, &m->found);
    const struct subject subject = {.what = "body", .text = *text, .len = *len};
    enum verdict verdict = obey(m, action, &subject);
    if (verdict == REPLACE) {
        *text = str_text(&m->found.text);
        *len = m->found.text.len;
    }
    return verdict != DROP;
}

/* --- characters --- */

static bool has_rejected(const char *line, size_t len)
{
    for (size_t i = 0; i < len; i++)
        if (is_rejected[(unsigned char) line[i]])
            return true;
    return false;
}

static const char *strip(const char *line, size_t *len, struct str *copy)
{
    size_t first = 0;

    while (first < *len && !is_stripped[(unsigned char) line[first]])
        first++;
    if (first == *len)
        return line;
    str_clear(copy);
    str_add(copy, line, first);
    for (size_t i = first; i < *len; i++)
        if (!is_stripped[(unsigned char) line[i]])
            str_addc(copy, line[i]);
    *len = copy->len;
    return str_text(copy);
}

const char *cleanup_inspect_characters(struct message *m, const char *line, size_t *len, struct str *copy)
{
    static const char reason[] = "5.7.1 disallowed character";

    if (has_rejected(line, *len)) {
        cleanup_message_refuse(m, CLEANUP_STAT_CONT, reason);
        inspect_no_more(m);
        cleanup_inspect_log(m, "reject", "content", line, *len - (line[*len - 1] == '\n'), reason);
        *len = 0;
        return line;
    }
    return strip(line, len, copy);
}
