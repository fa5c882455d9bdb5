/* count.h: how many addresses of each domain wait, and how long they have.
 */
#ifndef QSHAPE_COUNT_H
#define QSHAPE_COUNT_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "base/arena.h"
#include "base/vec.h"

enum { QSHAPE_BUCKETS_MAX = 128 };

/* Ages are sorted into buckets: below limits[0] minutes, below limits[1] ...; the last takes the rest. */
struct qshape_ages {
    size_t bucket_count;
    long limits[QSHAPE_BUCKETS_MAX];     /* of all but the last */
};
void qshape_count_set_ages(struct qshape_ages *a, long bucket_count, long minutes, bool is_linear);

/* A line of the table. */
struct qshape_counter {
    const char *name;                    /* "example.com", ".example.com": all below it */
    unsigned long total, *in_bucket;
    unsigned long children;              /* names directly below it */
};

/* What was counted. Zero-filled but for ages and the two options: nothing. */
struct qshape_counts {
    struct qshape_ages ages;
    bool with_parents;                   /* -p */
    unsigned long min_children;          /* of a parent that is shown */
    struct arena arena;
    struct vec counters;                 /* struct qshape_counter *, in the order in which they came */
    struct qshape_counter *all;
    struct hash *by_name;                /* count.c only */
};

/* Count an address (unquoted; "" is the null address) of a message this old. */
void qshape_count_address(struct qshape_counts *c, const char *address, long age_seconds);

/* The counters that are to be shown, most addresses first, then shortest and then first in the alphabet.
 * The array is the caller's to release. */
struct vec qshape_count_sorted(struct qshape_counts *c);
void qshape_count_done(struct qshape_counts *c);

#endif
