#include "ipc/attr.h"

#include <stdlib.h>

void attr_put(struct str *out, const char *name, const char *value)
{
    str_add(out, name, strlen(name) + 1);
    str_add(out, value, strlen(value) + 1);
}

/* Several times in each request between daemons, so not with printf. */
void attr_put_long(struct str *out, const char *name, long value)
{
    char digits[24], *first = digits + sizeof(digits) - 1;
    unsigned long rest = value < 0 ? -(unsigned long) value : (unsigned long) value;

    *first = 0;
    do
        *--first = (char) ('0' + rest % 10);
    while ((rest /= 10) > 0);
    if (value < 0)
        *--first = '-';
    attr_put(out, name, first);
}

void attr_end(struct str *out)
{
    str_addc(out, 0);
}

/* The NUL-terminated text at *cursor, which is moved behind it; NULL if no NUL is left. */
static const char *next_text(const char **cursor, const char *end)
{
    const char *text = *cursor;
    const char *nul = text < end ? memchr(text, 0, (size_t) (end - text)) : NULL;

    if (nul == NULL)
        return NULL;
    *cursor = nul + 1;
    return text;
}

bool attrs_parse(const char **cursor, const char *end, struct attrs *list)
{
    list->count = list->hint = 0;
    for (;;) {
        const char *name = next_text(cursor, end);
        if (name == NULL)
            return false;
        if (*name == 0)
            return true;
        const char *value = next_text(cursor, end);
        if (value == NULL || list->count == ATTR_MAX)
            return false;
        list->item[list->count].name = name;
        list->item[list->count].value = value;
        list->count++;
    }
}

const char *attrs_get(struct attrs *list, const char *name)
{
    for (size_t tried = 0, i = list->hint; tried < list->count; tried++, i++) {
        if (i >= list->count)
            i = 0;
        if (list->item[i].name[0] == name[0] && strcmp(list->item[i].name, name) == 0) {
            list->hint = i + 1;
            return list->item[i].value;
        }
    }
    return NULL;
}

const char *attrs_text(struct attrs *list, const char *name, const char *default_)
{
    const char *value = attrs_get(list, name);

    return value == NULL ? default_ : value;
}

long attrs_long(struct attrs *list, const char *name, long default_)
{
    const char *value = attrs_get(list, name);

    return value == NULL ? default_ : strtol(value, NULL, 10);
}
