#include "table/prefilter.h"

#include <ctype.h>

#include "base/mem.h"
#include "base/vec.h"

enum {
    GRAM = 4,             /* bytes by which a text is found */
    BUCKETS = 1 << 14,
    WORD = 64             /* rules to a word of a set */
};

/* What a rule needs, in the bucket of four bytes of it. */
struct need {
    struct need *next;
    size_t rule, len;
    size_t offset; /* of the four bytes */
    char text[];
};

struct prefilter {
    size_t rule_count, words;
    uint64_t *always, *candidates; /* sets of rules */
    struct need *buckets[BUCKETS];
    unsigned load[BUCKETS];
    struct str key;                /* in lower case */
};

struct prefilter *prefilter_new(size_t rule_count)
{
    struct prefilter *f = mem_zalloc(sizeof(*f));

    f->rule_count = rule_count;
    f->words = rule_count / WORD + 1;
    f->always = mem_zalloc(f->words * sizeof(*f->always));
    f->candidates = mem_zalloc(f->words * sizeof(*f->candidates));
    for (size_t rule = 0; rule < rule_count; rule++)
        f->always[rule / WORD] |= UINT64_C(1) << rule % WORD;
    return f;
}

void prefilter_free(struct prefilter *f)
{
    if (f == NULL)
        return;
    for (size_t i = 0; i < BUCKETS; i++)
        for (struct need *n = f->buckets[i], *next; n != NULL; n = next) {
            next = n->next;
            mem_free(n);
        }
    mem_free(f->always);
    mem_free(f->candidates);
    str_done(&f->key);
    mem_free(f);
}

static size_t bucket_of(const char *bytes)
{
    uint32_t gram;

    memcpy(&gram, bytes, GRAM);
    return gram * UINT32_C(2654435761) >> 18; /* Knuth's multiplicative hash: the upper 14 bits */
}

/* Rules often share most of their text ("@example.com"): the four bytes that fewest share find it. */
static const char *choose(const struct prefilter *f, const struct str *texts, const char **best_gram)
{
    const char *best = NULL;

    for (const char *text = str_text(texts); text < str_text(texts) + texts->len; text += strlen(text) + 1)
        for (const char *gram = text; strnlen(gram, GRAM) == GRAM; gram++)
            if (best == NULL || f->load[bucket_of(gram)] < f->load[bucket_of(*best_gram)]) {
                best = text;
                *best_gram = gram;
            }
    return best;
}

void prefilter_need(struct prefilter *f, size_t rule, const struct str *texts)
{
    const char *gram, *text = choose(f, texts, &gram);

    if (text == NULL)
        return;
    size_t len = strlen(text), bucket = bucket_of(gram);
    struct need *n = mem_alloc(sizeof(*n) + len);
    *n = (struct need){.next = f->buckets[bucket], .rule = rule, .len = len, .offset = (size_t) (gram - text)};
    memcpy(n->text, text, len);
    f->buckets[bucket] = n;
    f->load[bucket]++;
    f->always[rule / WORD] &= ~(UINT64_C(1) << rule % WORD);
}

/* The needs of one place in the key. */
static void look_at(struct prefilter *f, size_t place)
{
    const char *key = f->key.data;

    for (const struct need *n = f->buckets[bucket_of(key + place)]; n != NULL; n = n->next) {
        size_t start = place - n->offset;
        if (place >= n->offset && start + n->len <= f->key.len && memcmp(key + start, n->text, n->len) == 0)
            f->candidates[n->rule / WORD] |= UINT64_C(1) << n->rule % WORD;
    }
}

void prefilter_look(struct prefilter *f, const char *key, size_t len)
{
    str_clear(&f->key);
    char *lower = str_grow(&f->key, len);
    for (size_t i = 0; i < len; i++)
        lower[i] = (char) tolower((unsigned char) key[i]);
    memcpy(f->candidates, f->always, f->words * sizeof(*f->always));
    for (size_t place = 0; place + GRAM <= len; place++)
        look_at(f, place);
}

size_t prefilter_next(const struct prefilter *f, size_t from)
{
    if (from >= f->rule_count)
        return f->rule_count;
    uint64_t rest = f->candidates[from / WORD] >> from % WORD;
    if (rest != 0)
        return from + (size_t) __builtin_ctzll(rest);
    for (size_t word = from / WORD + 1; word < f->words; word++)
        if (f->candidates[word] != 0)
            return word * WORD + (size_t) __builtin_ctzll(f->candidates[word]);
    return f->rule_count;
}
