#include "queue/entry.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/log.h"
#include "base/mem.h"
#include "queue/crc32c.h"
#include "queue/record.h"

enum { VERSION = 1 };
static const uint64_t segment_magic = 0x314c524e4a525250; /* "PRRJNRL1" in a file */
static const uint32_t entry_magic = 0x59524e45;           /* "ENRY" */

static uint32_t segment_crc(const struct segment_header *h)
{
    return crc32c(0, h, offsetof(struct segment_header, crc));
}

void entry_begin_segment(struct segment_header *h, unsigned slot, uint64_t generation, uint64_t first_seq, bool is_used)
{
    *h = (struct segment_header){.magic = segment_magic,
        .version = VERSION,
        .slot = slot,
        .generation = generation,
        .first_seq = first_seq,
        .is_used = is_used};
    while (h->stamp == 0)
        if (getrandom(&h->stamp, sizeof(h->stamp), 0) != sizeof(h->stamp))
            fatal("getrandom: %m");
    h->crc = segment_crc(h);
}

bool entry_is_segment(const struct segment_header *h)
{
    return h->magic == segment_magic && h->version == VERSION && h->crc == segment_crc(h);
}

bool entry_is_unused(const struct segment_header *h)
{
    static const struct segment_header zeros;

    return memcmp(h, &zeros, sizeof(*h)) == 0 || (entry_is_segment(h) && !h->is_used);
}

static uint32_t header_crc(const struct entry_header *e)
{
    enum { FROM = offsetof(struct entry_header, stamp) };

    return crc32c(0, (const char *) e + FROM, sizeof(*e) - FROM);
}

void entry_seal(struct entry_header *e, const char *payload)
{
    e->magic = entry_magic;
    e->crc = crc32c(header_crc(e), payload, e->length);
}

bool entry_at(const char *segment, uint64_t size, uint64_t offset, uint64_t stamp, struct entry_header *e)
{
    if (offset > size || size - offset < sizeof(*e))
        return false;
    memcpy(e, segment + offset, sizeof(*e));
    if (e->magic != entry_magic || e->stamp == 0 || (stamp != 0 && e->stamp != stamp))
        return false;
    if (e->length > size - offset - sizeof(*e) || e->queue_id[QID_SIZE - 1] != 0)
        return false;
    switch ((enum entry_type) e->type) {
    case ENTRY_MESSAGE:
        return qid_is_valid(e->queue_id);
    case ENTRY_MARKS:
        return e->length % sizeof(struct entry_mark) == 0;
    }
    return false;
}

/* As it was before recipients were marked in place: messages that come to the journal have none that is done. */
static uint32_t crc_without_marks(const struct entry_header *e, const char *payload)
{
    char *copy = mem_dup(payload, e->length);
    struct record r;

    for (size_t next = 0; record_next(copy, e->length, &next, &r) == RECORD_OK && r.type != REC_END;)
        if (r.type == REC_DONE)
            copy[r.offset] = REC_RECIPIENT;
    uint32_t crc = crc32c(header_crc(e), copy, e->length);
    mem_free(copy);
    return crc;
}

bool entry_is_intact(const struct entry_header *e, const char *payload)
{
    if (crc32c(header_crc(e), payload, e->length) == e->crc)
        return true;
    return e->type == ENTRY_MESSAGE && crc_without_marks(e, payload) == e->crc;
}
