/* hash.h: a hash table from byte strings to pointers.
 *
 * Keys are copied; values belong to the caller. Zero-filled memory is an empty table.
 * The order of hash_next() is arbitrary.
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct hash {
    struct hash_entry **buckets; /* hash.c only */
    size_t room, count;          /* count: how many entries */
};

struct hash_entry {
    struct hash_entry *next; /* hash.c only */
    void *value;
    uint32_t hash; /* hash.c only */
    uint32_t key_len;
    char key[]; /* NUL-terminated */
};

/* The value under a key, or NULL. */
void *hash_get(const struct hash *h, const char *key);
void *hash_getn(const struct hash *h, const char *key, size_t key_len);

/* Store value under the key; the value that was there before, or NULL. */
void *hash_put(struct hash *h, const char *key, void *value);
void *hash_putn(struct hash *h, const char *key, size_t key_len, void *value);

/* The entry under the key, made with value NULL if there was none. Valid until removed. */
struct hash_entry *hash_slot(struct hash *h, const char *key, size_t key_len);

/* Remove a key; its value, or NULL if there was none. */
void *hash_remove(struct hash *h, const char *key);
void *hash_removen(struct hash *h, const char *key, size_t key_len);

/* Walk: start with NULL; NULL after the last. To remove while walking, step on first. */
struct hash_entry *hash_next(const struct hash *h, const struct hash_entry *after);

/* Release the table; each value is given to free_value unless that is NULL. */
void hash_done(struct hash *h, void (*free_value)(void *value));

/* A hash of some bytes, different in every process, so that clients cannot choose collisions. */
uint32_t hash_bytes(const void *bytes, size_t n);

#endif
