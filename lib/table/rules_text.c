#include "table/rules_text.h"

#include <ctype.h>
#include <stdlib.h>

#include "base/log.h"

struct text_part {
    const char *literal; /* NULL: a group */
    size_t len, group;
};

/* The $name, ${name} or $(name) at text: its name; the length of all of it, 0: it was warned of. */
static size_t take_name(const char *text, const char *whole, const char **name, size_t *name_len)
{
    char close = text[1] == '(' ? ')' : text[1] == '{' ? '}' : 0;

    *name = text + (close == 0 ? 1 : 2);
    *name_len = 0;
    if (close == 0) {
        while (isalnum((unsigned char) (*name)[*name_len]) || (*name)[*name_len] == '_')
            (*name_len)++;
    } else {
        const char *end = strchr(*name, close);
        if (end == NULL) {
            log_warn("truncated macro reference: \"%s\"", whole);
            return 0;
        }
        *name_len = (size_t) (end - *name);
    }
    if (*name_len == 0) {
        log_warn("empty macro name: \"%s\"", whole);
        return 0;
    }
    return (size_t) (*name + *name_len - text) + (close != 0);
}

/* A group's number; 0: it is not one, which was warned of. */
static size_t take_number(const char *name, size_t len, const char *out_of_range, const char *where)
{
    enum { LARGEST = 1000 * 1000 }; /* far more than there can be */
    size_t number = 0;

    for (size_t i = 0; i < len; i++) {
        if (!isdigit((unsigned char) name[i])) {
            log_warn("%s: non-numeric replacement index \"%.*s\"", where, (int) len, name);
            return 0;
        }
        if (number < LARGEST)
            number = number * 10 + (size_t) (name[i] - '0');
    }
    if (number == 0)
        log_warn("%s: %s replacement index \"%.*s\"", where, out_of_range, (int) len, name);
    return number;
}

bool rules_text_parse(struct rules_text *t, struct arena *a, const char *text, const char *out_of_range,
    const char *where)
{
    const char *whole = text, *name;
    size_t name_len;

    *t = (struct rules_text){.parts = arena_alloc(a, (strlen(text) + 1) * sizeof(*t->parts))};
    while (*text != 0) {
        struct text_part *part = &t->parts[t->part_count++];
        size_t n = strcspn(text, "$");
        if (n == 0 && text[1] == '$') {
            *part = (struct text_part){.literal = "$", .len = 1};
            text += 2;
        } else if (n > 0) {
            *part = (struct text_part){.literal = arena_strndup(a, text, n), .len = n};
            text += n;
        } else {
            n = take_name(text, whole, &name, &name_len);
            size_t group = n == 0 ? 0 : take_number(name, name_len, out_of_range, where);
            if (group == 0)
                return false;
            *part = (struct text_part){.group = group};
            t->max_group = group > t->max_group ? group : t->max_group;
            text += n;
        }
    }
    return true;
}

void rules_text_expand(const struct rules_text *t, const char *key, const struct rules_span *spans, struct str *out)
{
    for (size_t i = 0; i < t->part_count; i++) {
        const struct text_part *part = &t->parts[i];
        if (part->literal != NULL)
            str_add(out, part->literal, part->len);
        else if (spans[part->group].start < spans[part->group].end)
            str_add(out, key + spans[part->group].start, spans[part->group].end - spans[part->group].start);
    }
}
