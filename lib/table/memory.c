#include "table/memory.h"

#include "base/mem.h"
#include "table/key.h"

enum table_result memory_find(struct table *t, const char *key, size_t len, struct str *value)
{
    struct memory *m = t->state;
    const char *found = hash_getn(&m->values, key, len);

    if (found == NULL)
        return TABLE_ABSENT;
    str_adds(value, found);
    return TABLE_FOUND;
}

enum table_result memory_next(struct table *t, bool from_start, struct str *key, struct str *value)
{
    struct memory *m = t->state;
    struct hash_entry *e = from_start ? hash_next(&m->values, NULL) : m->next;

    if (e == NULL)
        return TABLE_ABSENT;
    m->next = hash_next(&m->values, e);
    str_add(key, e->key, e->key_len);
    str_adds(value, e->value);
    return TABLE_FOUND;
}

void memory_close(struct table *t)
{
    struct memory *m = t->state;

    if (m == NULL)
        return;
    hash_done(&m->values, NULL);
    arena_done(&m->arena);
    mem_free(m);
}

struct hash_entry *memory_slot(struct table *t, const char *key)
{
    struct memory *m = t->state;
    struct str folded = {0};

    if ((t->flags & TABLE_FOLD) != 0)
        key_fold(key, strlen(key), (t->flags & TABLE_UTF8) != 0, &folded);
    else
        str_adds(&folded, key);
    struct hash_entry *e = hash_slot(&m->values, str_text(&folded), folded.len);
    str_done(&folded);
    return e;
}
