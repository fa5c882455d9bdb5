/* pipemap:{table, table}: the value that one gives is the key for the next. */
#include "base/mem.h"
#include "table/parts.h"
#include "table/types.h"

static bool pipemap_open(struct table *t, struct str *why)
{
    struct vec *tables = t->state = mem_zalloc(sizeof(*tables));

    return parts_open(t, tables, why);
}

static void pipemap_close(struct table *t)
{
    parts_close(t->state);
    mem_free(t->state);
}

static enum table_result pipemap_find(struct table *t, const char *key, size_t len, struct str *value)
{
    const struct vec *tables = t->state;
    struct str next_key = {0};
    enum table_result result = TABLE_FOUND;

    (void) len;
    for (size_t i = 0; i < tables->count && result == TABLE_FOUND; i++) {
        struct table *part = tables->items[i];
        result = table_find(part, key, value);
        t->error = part->error;
        str_set(&next_key, str_text(value));
        key = str_text(&next_key);
    }
    str_done(&next_key);
    return result;
}

const struct type_ops pipemap_ops = {.open = pipemap_open, .close = pipemap_close, .find = pipemap_find};
