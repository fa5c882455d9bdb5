/* recover.h: what is in the segments of one writer, dead or alive, read from the disk.
 *
 * Rules, and why: doc/store.md. A message is live if its entry is whole, no mark says that it is
 * done, and no later entry says that all below some higher number are.
 */
#ifndef QUEUE_RECOVER_H
#define QUEUE_RECOVER_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/str.h"
#include "queue/location.h"
#include "queue/qid.h"

struct recover_message {
    uint64_t seq;
    struct location where;
    bool is_done;
    const uint32_t *done;      /* offsets of recipients that are done; some may be D in place already */
    size_t done_count;
    char id[QID_SIZE];
};

/* Bytes where there should have been acknowledged messages. */
struct recover_damage {
    struct location where;     /* as far as the next good entry */
    uint64_t first_seq, lost;  /* how many messages, from which on */
};

struct recovery {
    struct arena arena;        /* everything lies here */
    struct recover_message *messages; /* by number; those that are done, too */
    size_t message_count, message_room;
    struct recover_damage *damages;
    size_t damage_count, damage_room;
    struct recover_mark *marks; /* recover.c only */
    size_t mark_count, mark_room;
    uint64_t next_seq, low, synced; /* all below: done; acknowledged */
};

/* Read the slot. verify: check every checksum; without it messages are believed, for those who only
 * list. False and why: a segment cannot be read. recover_done() in any case. */
bool recover_slot(struct recovery *r, unsigned slot, bool verify, struct str *why);
void recover_done(struct recovery *r);

#endif
