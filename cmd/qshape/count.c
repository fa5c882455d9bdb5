#include "cmd/qshape/count.h"

#include <ctype.h>
#include <limits.h>
#include <string.h>

#include "base/hash.h"
#include "base/mem.h"
#include "base/str.h"

static long doubled(long n)
{
    return n > LONG_MAX / 2 ? LONG_MAX : n * 2;
}

void qshape_count_set_ages(struct qshape_ages *a, long bucket_count, long minutes, bool is_linear)
{
    long limit = minutes;

    a->bucket_count = bucket_count > QSHAPE_BUCKETS_MAX ? QSHAPE_BUCKETS_MAX : (size_t) bucket_count;
    for (size_t i = 0; i + 1 < a->bucket_count; i++) {
        a->limits[i] = limit;
        limit = is_linear ? limit + minutes : doubled(limit);
    }
}

static size_t bucket_of(const struct qshape_ages *a, long age_seconds)
{
    size_t i = 0;

    while (i + 1 < a->bucket_count && age_seconds / 60 >= a->limits[i])
        i++;
    return i;
}

static struct qshape_counter *new_counter(struct qshape_counts *c, const char *name)
{
    struct qshape_counter *n = arena_new(&c->arena, struct qshape_counter);

    n->name = arena_strdup(&c->arena, name);
    n->in_bucket = arena_zalloc(&c->arena, c->ages.bucket_count * sizeof(*n->in_bucket));
    return n;
}

static struct qshape_counter *counter(struct qshape_counts *c, const char *name, bool *is_new)
{
    struct hash_entry *entry = hash_slot(c->by_name, name, strlen(name));

    *is_new = entry->value == NULL;
    if (*is_new) {
        entry->value = new_counter(c, name);
        vec_add(&c->counters, entry->value);
    }
    return entry->value;
}

static void count_in(struct qshape_counter *n, size_t bucket)
{
    n->total++;
    n->in_bucket[bucket]++;
}

/* The domains above it, but for that at the top. A name that is new is one more directly below the next. */
static void count_parents(struct qshape_counts *c, const char *domain, size_t bucket, bool is_new)
{
    const char *dot = strchr(domain, '.');

    for (; dot != NULL && strchr(dot + 1, '.') != NULL; dot = strchr(dot + 1, '.')) {
        bool is_new_parent;
        struct qshape_counter *parent = counter(c, dot, &is_new_parent);
        parent->children += is_new;
        count_in(parent, bucket);
        is_new = is_new_parent;
    }
}

static void set_domain(struct str *domain, const char *address)
{
    const char *at = strrchr(address, '@');

    if (*address == 0) {
        str_set(domain, "MAILER-DAEMON");
        return;
    }
    str_set(domain, at == NULL ? address : at + 1);
    str_lower(domain);
    while (domain->len > 0 && domain->data[domain->len - 1] == '.')
        str_cut(domain, domain->len - 1);
}

void qshape_count_address(struct qshape_counts *c, const char *address, long age_seconds)
{
    size_t bucket = bucket_of(&c->ages, age_seconds);
    struct str domain = {0};
    bool is_new;

    if (c->by_name == NULL) {
        c->by_name = mem_zalloc(sizeof(*c->by_name));
        c->all = new_counter(c, "TOTAL");
    }
    set_domain(&domain, address);
    count_in(c->all, bucket);
    count_in(counter(c, str_text(&domain), &is_new), bucket);
    if (c->with_parents && domain.len > 0 && domain.data[0] != '[')
        count_parents(c, str_text(&domain), bucket, is_new);
    str_done(&domain);
}

static int by_size(const void *a, const void *b)
{
    const struct qshape_counter *x = *(void *const *) a, *y = *(void *const *) b;
    size_t x_len = strlen(x->name), y_len = strlen(y->name);

    if (x->total != y->total)
        return x->total > y->total ? -1 : 1;
    if (x_len != y_len)
        return x_len < y_len ? -1 : 1;
    return strcmp(x->name, y->name);
}

struct vec qshape_count_sorted(struct qshape_counts *c)
{
    struct vec shown = {0};

    for (size_t i = 0; i < c->counters.count; i++) {
        struct qshape_counter *n = c->counters.items[i];
        if (n->name[0] != '.' || n->children >= c->min_children)
            vec_add(&shown, n);
    }
    vec_sort(&shown, by_size);
    return shown;
}

void qshape_count_done(struct qshape_counts *c)
{
    if (c->by_name != NULL)
        hash_done(c->by_name, NULL);
    mem_free(c->by_name);
    vec_done(&c->counters, NULL);
    arena_done(&c->arena);
}
