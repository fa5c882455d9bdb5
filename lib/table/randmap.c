/* randmap:{text, text}: one of them by chance, whatever the key. */
#include <stdlib.h>

#include "base/mem.h"
#include "table/parts.h"
#include "table/types.h"

static bool randmap_open(struct table *t, struct str *why)
{
    struct vec *texts = t->state = mem_zalloc(sizeof(*texts));

    return parts_parse(t, "value...", texts, why);
}

static void randmap_close(struct table *t)
{
    parts_free(t->state);
    mem_free(t->state);
}

static enum table_result randmap_find(struct table *t, const char *key, size_t len, struct str *value)
{
    const struct vec *texts = t->state;

    (void) key;
    (void) len;
    str_adds(value, texts->items[(size_t) random() % texts->count]);
    return TABLE_FOUND;
}

const struct type_ops randmap_ops = {.open = randmap_open, .close = randmap_close, .find = randmap_find};
