/* unionmap:{table, table}: what any of them has, joined by commas. */
#include "base/mem.h"
#include "table/parts.h"
#include "table/types.h"

static bool unionmap_open(struct table *t, struct str *why)
{
    struct vec *tables = t->state = mem_zalloc(sizeof(*tables));

    return parts_open(t, tables, why);
}

static void unionmap_close(struct table *t)
{
    parts_close(t->state);
    mem_free(t->state);
}

static enum table_result unionmap_find(struct table *t, const char *key, size_t len, struct str *value)
{
    const struct vec *tables = t->state;
    struct str one = {0};
    enum table_result result = TABLE_ABSENT;

    (void) len;
    for (size_t i = 0; i < tables->count && result != TABLE_ERROR; i++) {
        struct table *part = tables->items[i];
        enum table_result r = table_find(part, key, &one);
        t->error = part->error;
        if (r == TABLE_ABSENT)
            continue;
        if (r == TABLE_FOUND)
            str_addf(value, "%s%s", result == TABLE_FOUND ? "," : "", str_text(&one));
        result = r;
    }
    str_done(&one);
    return result;
}

const struct type_ops unionmap_ops = {.open = unionmap_open, .close = unionmap_close, .find = unionmap_find};
