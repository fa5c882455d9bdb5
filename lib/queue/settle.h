/* settle.h: turning messages of the journal into ordinary queue files, in batches, off the loop.
 *
 * qmgr's own: a helper thread writes the files of a batch (mode 0600: incomplete), syncs once, then
 * sets mode 0700 and the time; after that the journal entry may be marked done.
 */
#ifndef QUEUE_SETTLE_H
#define QUEUE_SETTLE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <time.h>

#include "queue/location.h"

/* Write queue/id with the bytes at where; the type letters at done_offsets become D. mtime: the
 * next retry (0: now). settled(arg, ok) runs from the loop when it is durable, or failed (logged;
 * the message is still in the journal, try again later). Everything is copied. */
void settle_message(const char *queue, const char *queue_id, const struct location *where, time_t mtime,
    const uint32_t *done_offsets, size_t done_count, void (*settled)(void *arg, bool ok), void *arg);
size_t settle_pending(void);

#endif
