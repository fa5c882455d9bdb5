/* reasons.h: the log of a message: why each recipient was not reached (or was, in trace).
 *
 * A file in bounce/, defer/ or trace/ with the queue id as its name; text, one entry a recipient:
 * a line for readers of old, then name=value lines, then an empty line.
 */
#ifndef BOUNCE_REASONS_H
#define BOUNCE_REASONS_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/vec.h"
#include "mail/delivery.h"

struct reason {
    struct delivery_recipient recipient;
    struct dsn dsn;
};

/* Append an entry; under a lock, all or nothing. directory: "bounce", "defer" or "trace". False: logged. */
bool bounce_reasons_append(const char *directory, const char *queue_id, const struct reason *r);

/* All entries, as struct reason * in the arena. No log is an empty one; false: it cannot be read (logged). */
bool bounce_reasons_read(struct arena *a, const char *directory, const char *queue_id, struct vec *entries);

/* The same for the text of a log; it is cut up, and the entries point into it. */
void bounce_reasons_parse(struct arena *a, char *text, struct vec *entries);

void bounce_reasons_remove(const char *directory, const char *queue_id);

#endif
