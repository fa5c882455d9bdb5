#include "table/parts.h"

#include "base/mem.h"
#include "base/words.h"

bool parts_parse(const struct table *t, const char *need, struct vec *parts, struct str *why)
{
    const char *ignored;
    char *copy = mem_strdup(t->name), *text = words_unbrace(copy, &ignored);

    for (char *word; text != NULL && (word = words_next_braced(&text, WORDS_LIST)) != NULL;)
        vec_add(parts, mem_strdup(word));
    mem_free(copy);
    if (parts->count > 0)
        return true;
    str_setf(why, "bad syntax: \"%s:%s\"; need \"%s:{%s}\"", t->type->name, t->name, t->type->name, need);
    return false;
}

void parts_free(struct vec *parts)
{
    vec_done(parts, mem_free);
}

bool parts_open(struct table *t, struct vec *tables, struct str *why)
{
    struct vec names = {0};
    unsigned pattern = TYPE_PATTERN;

    if (!parts_parse(t, "type:name...", &names, why))
        return false;
    for (size_t i = 0; i < names.count; i++) {
        struct table *part = table_open(names.items[i], t->flags);
        vec_add(tables, part);
        t->traits |= part->traits & TYPE_BLOCKS;
        if (!table_is_pattern(part))
            pattern = 0;
        if (table_owner(part) != 0)
            t->owner = table_owner(part);
    }
    t->traits |= pattern;
    parts_free(&names);
    return true;
}

void parts_close(struct vec *tables)
{
    for (size_t i = 0; i < tables->count; i++)
        table_close(tables->items[i]);
    vec_done(tables, NULL);
}

void parts_open_one(struct table *t)
{
    t->state = table_open(t->name, t->flags);
    t->owner = table_owner(t->state);
    t->traits |= ((const struct table *) t->state)->traits & (TYPE_PATTERN | TYPE_BLOCKS);
}
