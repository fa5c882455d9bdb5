/* segment.h: the segments of one writer, as the writer sees them. journal.c's own.
 */
#ifndef QUEUE_SEGMENT_H
#define QUEUE_SEGMENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/list.h"
#include "base/str.h"
#include "queue/entry.h"
#include "queue/location.h"

/* A message in a segment. */
struct segment_message {
    uint64_t offset; /* of its image */
    uint32_t length;
    bool is_done;
    char id[QID_SIZE];
};

struct segment {
    struct list link;
    int fd;
    unsigned number;  /* its name */
    char *path;       /* "journal/SLOT/NUMBER" */
    uint64_t size;
    uint64_t tail;    /* where the next entry may begin */
    bool is_clean;    /* all before tail is synced: the next batch begins at a new block */
    bool is_broken;   /* a write or sync failed: never written again */
    struct segment_header head;
    struct segment_message *messages; /* number i has seq head.first_seq + i */
    size_t count, room, live_count;
};

/* The size that segments of this configuration have: a message of any size that may be in the
 * journal fits. */
uint64_t segment_size(void);

/* A new one: zeros are written and synced. NULL and why. */
struct segment *segment_create(const char *dir, unsigned number, uint64_t size, struct str *why);

/* One that a previous writer left. NULL: cannot be used. */
struct segment *segment_adopt(const char *dir, unsigned number, uint64_t size);
bool segment_clear(struct segment *s, unsigned slot, uint64_t next_seq); /* empty it on disk, synced */

/* Use it for messages from first_seq on; the header is for the caller to write, at offset 0, with
 * the first batch. */
void segment_begin(struct segment *s, unsigned slot, uint64_t first_seq);
struct segment_message *segment_add(struct segment *s); /* the next message */
struct segment_message *segment_find(struct segment *s, uint64_t seq); /* NULL: not here */
bool segment_write(struct segment *s, uint64_t offset, const char *bytes, size_t n); /* false: errno */

void segment_free(struct segment *s);            /* the file stays */
void segment_remove(struct segment *s);          /* the file goes, too */

bool segment_unlink(const char *dir, unsigned number);
char *segment_path(struct arena *a, const char *dir, unsigned number);

/* Call visit(arg, number) for each segment file in a writer's directory. */
void segment_each_file(const char *dir, void (*visit)(void *arg, unsigned number), void *arg);

#endif
