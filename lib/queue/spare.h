/* spare.h: the next segment of a journal, made by a thread before it is needed.
 *
 * Making one means writing and syncing megabytes. The writer would stand still meanwhile, and so
 * would the marks of what is being delivered. journal.c's own. Zero-filled memory is at rest.
 */
#ifndef QUEUE_SPARE_H
#define QUEUE_SPARE_H

#include <pthread.h>
#include <stdbool.h>

#include "queue/segment.h"

struct spare {
    pthread_t thread;
    bool has_thread;
    char *dir;
    unsigned number;
    uint64_t size;
    struct segment *made; /* the thread's, until it has ended */
    struct str why;
};

/* Begin, unless it has been begun: as segment_create(). */
void spare_begin(struct spare *s, const char *dir, unsigned number, uint64_t size);

/* Has one been begun, and not yet been taken? */
static inline bool spare_is_begun(const struct spare *s)
{
    return s->has_thread;
}

/* Wait until it is made, and take it. NULL and why: it could not be made. */
struct segment *spare_take(struct spare *s, struct str *why);

#endif
