#include "mail/checks.h"

#include <strings.h>

#include "base/compiler.h"
#include "base/log.h"
#include "base/mem.h"
#include "mail/dsn.h"
#include "table/table.h"

/* Which parameter a table comes from. */
enum source { SOURCE_HEADER, SOURCE_MIME, SOURCE_NESTED, SOURCE_BODY, SOURCES };

static const char *const source_names[SOURCES] = {
    [SOURCE_HEADER] = "header_checks",
    [SOURCE_MIME] = "mime_header_checks",
    [SOURCE_NESTED] = "nested_header_checks",
    [SOURCE_BODY] = "body_checks",
};

struct checks {
    enum checks_time when;
    struct table_list *tables[SOURCES]; /* NULL: none */
    char *names[SOURCES];
};

/* What an action needs behind it. */
enum argument { ARGUMENT_OPTIONAL, ARGUMENT_REASON, ARGUMENT_LINE, ARGUMENT_PLACE, ARGUMENT_ADDRESS };

enum { RECEIVING = 1 << CHECKS_RECEIVING, MILTER = 1 << CHECKS_MILTER, DELIVERING = 1 << CHECKS_DELIVERING };

static const struct row {
    const char *name;
    enum check_action action;
    unsigned when;
    enum argument argument;
    const char *word;
} rows[] = {
    {"BCC", CHECK_BCC, RECEIVING, ARGUMENT_ADDRESS, "bcc"},
    {"DISCARD", CHECK_DISCARD, RECEIVING | MILTER, ARGUMENT_OPTIONAL, "discard"},
    {"DUNNO", CHECK_NONE, RECEIVING | MILTER | DELIVERING, ARGUMENT_OPTIONAL, ""},
    {"FILTER", CHECK_FILTER, RECEIVING | MILTER, ARGUMENT_PLACE, "filter"},
    {"HOLD", CHECK_HOLD, RECEIVING | MILTER, ARGUMENT_OPTIONAL, "hold"},
    {"IGNORE", CHECK_IGNORE, RECEIVING | MILTER | DELIVERING, ARGUMENT_OPTIONAL, ""},
    {"INFO", CHECK_INFO, RECEIVING | MILTER | DELIVERING, ARGUMENT_OPTIONAL, "info"},
    {"OK", CHECK_NONE, RECEIVING | MILTER | DELIVERING, ARGUMENT_OPTIONAL, ""},
    {"PASS", CHECK_PASS, RECEIVING, ARGUMENT_OPTIONAL, "pass"},
    {"PREPEND", CHECK_PREPEND, RECEIVING | DELIVERING, ARGUMENT_LINE, "prepend"},
    {"REDIRECT", CHECK_REDIRECT, RECEIVING | MILTER, ARGUMENT_ADDRESS, "redirect"},
    {"REJECT", CHECK_REJECT, RECEIVING | MILTER, ARGUMENT_REASON, "reject"},
    {"REPLACE", CHECK_REPLACE, RECEIVING | MILTER | DELIVERING, ARGUMENT_LINE, "replace"},
    {"STRIP", CHECK_STRIP, RECEIVING | MILTER | DELIVERING, ARGUMENT_OPTIONAL, "strip"},
    {"WARN", CHECK_WARN, RECEIVING | MILTER | DELIVERING, ARGUMENT_OPTIONAL, "warning"},
};

const char *checks_word(enum check_action action)
{
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++)
        if (rows[i].action == action)
            return rows[i].word;
    return "";
}

struct checks *checks_open(enum checks_time when, const char *prefix, const struct checks_tables *tables)
{
    const char *const values[SOURCES] = {tables->header, tables->mime_header, tables->nested_header, tables->body};
    struct checks *c = NULL;

    for (int i = 0; i < SOURCES; i++) {
        if (values[i] == NULL || *values[i] == 0)
            continue;
        if (c == NULL)
            c = mem_zalloc(sizeof(*c));
        c->when = when;
        c->names[i] = mem_printf("%s%s", prefix, source_names[i]);
        c->tables[i] = table_list_open(values[i], 0);
        table_list_set_title(c->tables[i], c->names[i]);
    }
    return c;
}

void checks_close(struct checks *c)
{
    for (int i = 0; c != NULL && i < SOURCES; i++) {
        table_list_close(c->tables[i]);
        mem_free(c->names[i]);
    }
    mem_free(c);
}

bool checks_has_body(const struct checks *c)
{
    return c != NULL && c->tables[SOURCE_BODY] != NULL;
}

void checks_found_done(struct check *found)
{
    str_done(&found->text);
    str_done(&found->key);
}

/* --- what follows an action --- */

/* The reason for a rejection, in place: a status code in front unless it has one. */
static void complete_reason(struct str *text)
{
    struct str reason = {0};

    if (text->len == 0)
        str_adds(&reason, "5.7.1 message content rejected");
    else
        str_addf(&reason, "%s%s", dsn_status_at(str_text(text)) == 0 ? "5.7.1 " : "", str_text(text));
    if (reason.data[0] != '4' && reason.data[0] != '5') {
        log_warn("bad DSN action in %s -- need 4.x.x or 5.x.x", str_text(&reason));
        reason.data[0] = '4';
    }
    str_done(text);
    *text = reason;
}

static bool is_header(const struct str *text)
{
    return header_name_len(str_text(text), text->len) > 0;
}

static bool is_good_line(const struct row *row, bool in_header, const struct check *found)
{
    if (found->text.len == 0) {
        log_warn("%s action without text in %s map", row->name, found->map);
        return false;
    }
    if (!in_header || is_header(&found->text))
        return true;
    log_warn("bad %s header text \"%s\" in %s map -- need \"headername: headervalue\"", row->name,
        str_text(&found->text), found->map);
    return false;
}

static bool is_good_place(const struct row *row, const struct check *found)
{
    if (found->text.len == 0)
        log_warn("missing %s command argument in %s map", row->name, found->map);
    else if (strchr(found->text.data, ':') == NULL)
        log_warn("bad %s command %s in %s -- need transport:destination", row->name, found->text.data, found->map);
    else
        return true;
    return false;
}

static bool is_good_address(const struct row *row, const struct check *found)
{
    if (strchr(str_text(&found->text), '@') != NULL)
        return true;
    log_warn("bad %s %s \"%s\" in %s map -- need user@domain", row->name,
        row->action == CHECK_BCC ? "address" : "target", str_text(&found->text), found->map);
    return false;
}

static bool is_good_argument(const struct row *row, bool in_header, struct check *found)
{
    switch (row->argument) {
    case ARGUMENT_OPTIONAL:
        return true;
    case ARGUMENT_REASON:
        complete_reason(&found->text);
        return true;
    case ARGUMENT_LINE:
        return is_good_line(row, in_header, found);
    case ARGUMENT_PLACE:
        return is_good_place(row, found);
    case ARGUMENT_ADDRESS:
        return is_good_address(row, found);
    }
    panic("unknown argument of %s", row->name);
}

/* --- answers --- */

/* found->text has the whole answer; it keeps what follows the action. */
static enum check_action read_answer(const struct checks *c, bool in_header, struct check *found)
{
    const char *answer = str_text(&found->text);
    size_t n = strcspn(answer, " \t"), i = 0;

    while (i < ARRAY_SIZE(rows) && (strncasecmp(answer, rows[i].name, n) != 0 || rows[i].name[n] != 0))
        i++;
    if (i == ARRAY_SIZE(rows) || (rows[i].when & (1U << c->when)) == 0) {
        log_warn("%s command in %s map: %s", c->when == CHECKS_RECEIVING ? "unknown" : "unsupported", found->map,
            answer);
        return CHECK_NONE;
    }
    str_drop(&found->text, n + strspn(answer + n, " \t"));
    return is_good_argument(&rows[i], in_header, found) ? rows[i].action : CHECK_NONE;
}

static enum check_action find(const struct checks *c, enum source source, const char *key, struct check *found)
{
    found->map = NULL;
    if (c == NULL || c->tables[source] == NULL)
        return CHECK_NONE;
    found->map = c->names[source];
    switch (table_list_find(c->tables[source], key, &found->text)) {
    case TABLE_FOUND:
        return read_answer(c, source != SOURCE_BODY, found);
    case TABLE_ABSENT:
        return CHECK_NONE;
    case TABLE_ERROR:
        break;
    }
    return CHECK_ERROR;
}

static enum source source_of(enum mime_class class, const struct header_info *known)
{
    if (known != NULL && (known->flags & HEADER_OF_MIME) != 0)
        return SOURCE_MIME;
    switch (class) {
    case MIME_PRIMARY:
        return SOURCE_HEADER;
    case MIME_PART:
        return SOURCE_MIME;
    case MIME_NESTED:
        return SOURCE_NESTED;
    }
    panic("unknown class of headers");
}

enum check_action checks_header(const struct checks *c, enum mime_class class, const struct header_info *known,
    const struct str *header, struct check *found)
{
    return find(c, source_of(class, known), str_text(header), found);
}

enum check_action checks_line(const struct checks *c, const char *line, size_t len, struct check *found)
{
    if (!checks_has_body(c) || len == 0)
        return CHECK_NONE;
    str_clear(&found->key); /* tables want a NUL */
    str_add(&found->key, line, len);
    return find(c, SOURCE_BODY, str_text(&found->key), found);
}
