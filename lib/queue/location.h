/* location.h: where a message is.
 *
 * Everywhere a message is named by its queue id and a location: a span of a journal segment, or a
 * whole queue file. What is there is the same in both: the records of a Postfix queue file.
 */
#ifndef QUEUE_LOCATION_H
#define QUEUE_LOCATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/str.h"
#include "ipc/attr.h"

struct location {
    const char *path;        /* relative to the queue directory */
    uint64_t offset, length; /* a queue file: 0 and its size */
};

bool location_is_journal(const struct location *l);

/* In an attribute list: "path", "offset", "length". The path read lies in the list's bytes. */
void location_put(struct str *out, const struct location *l);
bool location_get(struct attrs *list, struct location *l);

/* The bytes of a message, mapped. A segment stays mapped for the next message. */
struct message_bytes {
    const char *bytes;
    size_t n;
    void *map;               /* message.c only */
};

/* False and why: it is gone, or (in a journal) another message is there now. Of a queue file all
 * bytes are there, though it may have become longer than l->length. */
bool message_open(const char *queue_id, const struct location *l, struct message_bytes *out, struct str *why);
void message_close(struct message_bytes *m);

/* Is it still that message? For those who read the journal without qmgr's knowledge (postcat, showq):
 * a message that is done may be overwritten while they read. */
bool message_is_current(const char *queue_id, const struct location *l, const struct message_bytes *m);

#endif
