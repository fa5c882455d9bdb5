/* memory.h: a table that is a hash table in memory: texthash, inline, internal.
 */
#ifndef TABLE_MEMORY_H
#define TABLE_MEMORY_H

#include "base/arena.h"
#include "base/hash.h"
#include "base/str.h"
#include "table/type.h"

struct memory {
    struct hash values; /* folded key -> value, in the arena or on the heap */
    struct arena arena;
    struct hash_entry *next; /* what memory_next() gives next */
};

/* Type operations. */
enum table_result memory_find(struct table *t, const char *key, size_t len, struct str *value);
enum table_result memory_next(struct table *t, bool from_start, struct str *key, struct str *value);
void memory_close(struct table *t);

/* The slot of a key, which is folded as the table's flags say. Its value is NULL if it is new. */
struct hash_entry *memory_slot(struct table *t, const char *key);

#endif
