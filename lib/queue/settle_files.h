/* settle_files.h: writing messages of the journal as queue files, durably, many at once.
 *
 * Only file work, which may block: for a helper thread, or a program that has nothing else to do.
 */
#ifndef QUEUE_SETTLE_FILES_H
#define QUEUE_SETTLE_FILES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>
#include <time.h>

#include "base/str.h"
#include "queue/location.h"

struct settle_file {
    const char *queue, *id;
    struct location where;      /* in the journal */
    time_t mtime;               /* 0: now */
    const uint32_t *done;       /* R records at these offsets become D */
    size_t done_count;
    /* the result */
    bool ok;                    /* it is durable as queue/id, or was there before */
    bool was_there;             /* a complete file in incoming, active, deferred or hold: synced once more */
    struct str why;             /* the caller's to release */
    int fd;                     /* settle_files.c only */
};

enum { SETTLE_FILES_MAX = 128 };    /* at once; each has a descriptor open */

/* owner, group: of the files, -1: ours. */
void settle_files(struct settle_file *files, size_t count, uid_t owner, gid_t group);

#endif
