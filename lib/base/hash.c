#include "base/hash.h"

#include <string.h>
#include <sys/random.h>

#include "base/mem.h"

enum { FIRST_ROOM = 16 };

static uint64_t seed; /* set once a process, before the first key is hashed */

/* Multiply and fold, eight bytes at a time (the construction of wyhash). */
static uint64_t mix(uint64_t a, uint64_t b)
{
    __extension__ typedef unsigned __int128 wide;
    wide product = (wide) a * b;

    return (uint64_t) product ^ (uint64_t) (product >> 64);
}

uint32_t hash_bytes(const void *bytes, size_t n)
{
    const unsigned char *p = bytes;
    uint64_t word;

    while (seed == 0)
        if (getrandom(&seed, sizeof(seed), 0) != (ssize_t) sizeof(seed))
            seed = (uintptr_t) &word | 1;
    uint64_t h = mix(seed ^ n, 0x9e3779b97f4a7c15u);
    for (; n >= sizeof(word); n -= sizeof(word), p += sizeof(word)) {
        memcpy(&word, p, sizeof(word));
        h = mix(h ^ word, 0xd6e8feb86659fd93u);
    }
    word = 0;
    memcpy(&word, p, n);
    h = mix(h ^ word, 0xa0761d6478bd642fu);
    return (uint32_t) (h ^ (h >> 32));
}

static struct hash_entry **find(const struct hash *h, const char *key, size_t key_len, uint32_t hash)
{
    struct hash_entry **at = &h->buckets[hash & (h->room - 1)];

    while (*at != NULL && ((*at)->hash != hash || (*at)->key_len != key_len || memcmp((*at)->key, key, key_len) != 0))
        at = &(*at)->next;
    return at;
}

void *hash_getn(const struct hash *h, const char *key, size_t key_len)
{
    if (h->count == 0)
        return NULL;
    struct hash_entry *e = *find(h, key, key_len, hash_bytes(key, key_len));
    return e == NULL ? NULL : e->value;
}

void *hash_get(const struct hash *h, const char *key)
{
    return hash_getn(h, key, strlen(key));
}

static void grow(struct hash *h)
{
    size_t room = h->room == 0 ? FIRST_ROOM : h->room * 2;
    struct hash_entry **buckets = mem_zalloc(room * sizeof(*buckets));

    for (size_t i = 0; i < h->room; i++)
        for (struct hash_entry *e = h->buckets[i], *next; e != NULL; e = next) {
            next = e->next;
            e->next = buckets[e->hash & (room - 1)];
            buckets[e->hash & (room - 1)] = e;
        }
    mem_free(h->buckets);
    h->buckets = buckets;
    h->room = room;
}

struct hash_entry *hash_slot(struct hash *h, const char *key, size_t key_len)
{
    uint32_t hash = hash_bytes(key, key_len);

    if (h->count >= h->room)
        grow(h);
    struct hash_entry **at = find(h, key, key_len, hash);
    if (*at == NULL) {
        struct hash_entry *e = mem_alloc(sizeof(*e) + key_len + 1);
        *e = (struct hash_entry){.hash = hash, .key_len = (uint32_t) key_len};
        memcpy(e->key, key, key_len);
        e->key[key_len] = 0;
        *at = e;
        h->count++;
    }
    return *at;
}

void *hash_putn(struct hash *h, const char *key, size_t key_len, void *value)
{
    struct hash_entry *e = hash_slot(h, key, key_len);
    void *before = e->value;

    e->value = value;
    return before;
}

void *hash_put(struct hash *h, const char *key, void *value)
{
    return hash_putn(h, key, strlen(key), value);
}

void *hash_removen(struct hash *h, const char *key, size_t key_len)
{
    if (h->count == 0)
        return NULL;
    struct hash_entry **at = find(h, key, key_len, hash_bytes(key, key_len));
    struct hash_entry *e = *at;
    if (e == NULL)
        return NULL;
    void *value = e->value;
    *at = e->next;
    h->count--;
    mem_free(e);
    return value;
}

void *hash_remove(struct hash *h, const char *key)
{
    return hash_removen(h, key, strlen(key));
}

struct hash_entry *hash_next(const struct hash *h, const struct hash_entry *after)
{
    size_t bucket = 0;

    if (after != NULL) {
        if (after->next != NULL)
            return after->next;
        bucket = (after->hash & (h->room - 1)) + 1;
    }
    for (; bucket < h->room; bucket++)
        if (h->buckets[bucket] != NULL)
            return h->buckets[bucket];
    return NULL;
}

void hash_done(struct hash *h, void (*free_value)(void *value))
{
    for (size_t i = 0; i < h->room; i++)
        for (struct hash_entry *e = h->buckets[i], *next; e != NULL; e = next) {
            next = e->next;
            if (free_value != NULL)
                free_value(e->value);
            mem_free(e);
        }
    mem_free(h->buckets);
    *h = (struct hash){0};
}
