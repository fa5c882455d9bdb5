/* internal: a table in the memory of this process, empty at first. */
#include "base/log.h"
#include "base/mem.h"
#include "table/memory.h"
#include "table/types.h"

static bool internal_open(struct table *t, struct str *why)
{
    (void) why;
    t->state = mem_zalloc(sizeof(struct memory));
    return true;
}

static enum table_put internal_put(struct table *t, const char *key, const char *value, bool is_bare)
{
    struct memory *m = t->state;
    struct hash_entry *e = hash_slot(&m->values, key, strlen(key));

    (void) is_bare;
    if (e->value != NULL && (t->flags & TABLE_DUP_REPLACE) == 0) {
        if ((t->flags & TABLE_DUP_IGNORE) == 0)
            log_warn("%s: duplicate entry: \"%s\"", table_label(t), key);
        return TABLE_EXISTS;
    }
    mem_free(e->value);
    e->value = mem_strdup(value);
    return TABLE_STORED;
}

static enum table_result internal_remove(struct table *t, const char *key, size_t len)
{
    struct memory *m = t->state;

    if (m->next != NULL && m->next->key_len == len && memcmp(m->next->key, key, len) == 0)
        m->next = hash_next(&m->values, m->next);
    char *value = hash_removen(&m->values, key, len);
    mem_free(value);
    return value == NULL ? TABLE_ABSENT : TABLE_FOUND;
}

static void internal_close(struct table *t)
{
    struct memory *m = t->state;

    hash_done(&m->values, mem_free);
    memory_close(t);
}

const struct type_ops internal_ops = {.open = internal_open,
    .close = internal_close,
    .find = memory_find,
    .put = internal_put,
    .remove = internal_remove,
    .next = memory_next};
