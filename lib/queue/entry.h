/* entry.h: what a journal segment looks like on disk. Design: doc/store.md.
 *
 * A segment is a header in a block of its own, and entries behind it, each at a multiple of
 * ENTRY_ALIGN. A batch that is synced begins at a new block, so that no write touches a block that
 * holds acknowledged mail. Numbers are in the order of the machine.
 */
#ifndef QUEUE_ENTRY_H
#define QUEUE_ENTRY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "queue/qid.h"

enum { ENTRY_BLOCK = 4096, ENTRY_ALIGN = 8 };

struct segment_header {
    uint64_t magic;
    uint32_t version, slot;
    uint64_t generation; /* how often the segment was begun */
    uint64_t stamp;      /* random, new each time: entries without it are left over from earlier */
    uint64_t first_seq;  /* of the first message in it; all messages of an older segment have lower ones */
    uint32_t is_used;    /* 0: it was emptied, there is nothing behind the header */
    uint32_t crc;        /* of what is above */
};

enum entry_type { ENTRY_MESSAGE = 1, ENTRY_MARKS = 2 };

struct entry_header {
    uint32_t magic;
    uint32_t crc;        /* of what follows in the header, and of the payload */
    uint64_t stamp;      /* that of the segment header */
    uint64_t generation; /* likewise */
    uint64_t seq;        /* a message: its number in this slot; marks: the next one */
    uint64_t low;        /* every message with a lower number is done */
    uint64_t batch_seq;  /* the first number in its batch: what has a lower one has been synced */
    uint32_t type, length;
    char queue_id[QID_SIZE];
};

/* The payload of ENTRY_MARKS is an array of these. */
struct entry_mark {
    uint64_t seq;
    uint32_t offset;     /* of the R record of the recipient that is done; 0: the message is done */
    uint32_t zero;
};

/* A header with a new stamp; is_used, and entries may follow. */
void entry_begin_segment(
    struct segment_header *h, unsigned slot, uint64_t generation, uint64_t first_seq, bool is_used);
bool entry_is_segment(const struct segment_header *h);  /* is this a header that is whole? */
bool entry_is_unused(const struct segment_header *h);   /* emptied, or never written but with zeros */

void entry_seal(struct entry_header *e, const char *payload);  /* magic and checksum; all else must be set */

/* Whether an entry with this stamp begins at offset in a segment of size bytes, as far as its header
 * can tell; a stamp of 0 means any. The header is copied out. */
bool entry_at(const char *segment, uint64_t size, uint64_t offset, uint64_t stamp, struct entry_header *e);

/* Whether header and payload are what was sealed. The D that recipients get in place when they are
 * done counts as the R that was there. */
bool entry_is_intact(const struct entry_header *e, const char *payload);

static inline uint64_t entry_round_up(uint64_t n, uint64_t multiple)
{
    return (n + multiple - 1) / multiple * multiple;
}

/* Where the next entry may begin. */
static inline uint64_t entry_end(uint64_t offset, uint64_t length)
{
    return entry_round_up(offset + sizeof(struct entry_header) + length, ENTRY_ALIGN);
}

#endif
