#include "cmd/postconf/request.h"

#include <string.h>

#include "base/log.h"
#include "base/words.h"
#include "cmd/postconf/entry.h"
#include "config/main_cf.h"

static const char any[] = "*";

bool postconf_request_is_any(const char *part)
{
    return strcmp(part, any) == 0;
}

static bool is(const char *pattern, const char *text)
{
    return postconf_request_is_any(pattern) || strcmp(pattern, text) == 0;
}

bool postconf_request_matches(const struct postconf_request *r, const char *name, const char *type)
{
    return is(r->name, name) && is(r->type, type);
}

bool postconf_request_item_is(const struct postconf_request *r, const char *item)
{
    return is(r->item, item);
}

/* How many parts the pattern has. */
static int split(struct arena *a, const char *pattern, struct postconf_request *r)
{
    const char *parts[] = {any, any, any};
    char *cursor = arena_strdup(a, pattern);
    int count = 0;

    for (char *part; (part = words_next(&cursor, "/")) != NULL; count++)
        if (count < 3)
            parts[count] = part;
    r->name = parts[0];
    r->type = parts[1];
    r->item = parts[2];
    r->column = MASTER_COLUMNS;
    return count;
}

static void find_column(struct postconf_request *r)
{
    if (postconf_request_is_any(r->item))
        return;
    r->column = postconf_entry_column(r->item);
    if (r->column == MASTER_COLUMNS)
        fatal("invalid service attribute name: \"%s\"", r->item);
}

void postconf_request_parse(struct arena *a, char mode, char **args, int count, struct vec *requests)
{
    const char *form = mode == 'M' ? "" : mode == 'F' ? "[/field]" : "[/parameter]";

    for (int i = 0; i < count; i++) {
        struct postconf_request *r = arena_new(a, struct postconf_request);
        r->text = args[i];
        int parts = split(a, args[i], r);
        if (parts < 1 || parts > (mode == 'M' ? 2 : 3))
            fatal("-%c option requires service_name[/type%s]", mode, form);
        if (mode == 'F')
            find_column(r);
        vec_add(requests, r);
    }
}

/* The pattern; the value goes to r. */
static const char *take_value(struct arena *a, struct postconf_request *r, bool are_names)
{
    char *copy = arena_strdup(a, r->text + strspn(r->text, WORDS_SPACE)), *pattern, *value;

    if (strchr(r->text, '\n') != NULL)
        fatal("-Me, -Fe, -Pe, -X, or -# accept no multi-line input");
    if (*copy == '#')
        fatal("-Me, -Fe, -Pe, -X, or -# accept no comment input");
    if (are_names) {
        words_trim_end(copy);
        return copy;
    }
    const char *problem = main_cf_split(copy, &pattern, &value);
    if (problem != NULL)
        fatal("%s: \"%s\"", problem, r->text);
    r->value = value;
    return pattern;
}

static void check_parts(char mode, int parts)
{
    if (mode == 'M' && parts != 2)
        fatal("-Me, -MX or -M# requires service_name/type");
    if (mode == 'F' && parts != 3)
        fatal("-Fe or -FX requires service_name/type/field_name");
    if (mode == 'P' && parts != 3)
        fatal("-Pe or -PX requires service_name/type/parameter");
}

static void check_item(char mode, struct postconf_request *r)
{
    bool has_blanks = r->value != NULL && strpbrk(r->value, WORDS_SPACE) != NULL;

    if (mode == 'F') {
        if (postconf_request_is_any(r->item))
            fatal("-Fe does not accept wild-card field name");
        find_column(r);
        if (has_blanks && r->column != MASTER_COMMAND)
            fatal("-Fe does not accept whitespace in non-command field");
    }
    if (mode == 'P' && postconf_request_is_any(r->item))
        fatal("-Pe does not accept wild-card parameter name");
    if (mode == 'P' && has_blanks)
        fatal("-Pe does not accept whitespace in parameter value");
}

void postconf_request_parse_edits(
    struct arena *a, char mode, bool are_names, char **args, int count, struct vec *requests)
{
    for (int i = 0; i < count; i++) {
        struct postconf_request *r = arena_new(a, struct postconf_request);
        r->text = args[i];
        check_parts(mode, split(a, take_value(a, r, are_names), r));
        check_item(mode, r);
        vec_add(requests, r);
    }
}
