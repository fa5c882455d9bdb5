/* file.h: a new file in maildrop/.
 *
 * It counts as mail only once postdrop_file_finish() has set its mode and everything is on disk; pickup leaves
 * what is incomplete alone. The queue directory is the working directory.
 */
#ifndef POSTDROP_FILE_H
#define POSTDROP_FILE_H

#include <stdbool.h>
#include <sys/time.h>

#include "base/str.h"
#include "queue/qid.h"

struct postdrop_file {
    char id[QID_SIZE];
    struct timeval when;    /* it was made */
    struct str path, buffer;
    int fd;
    long size_bytes, limit_bytes; /* with the buffer; 0: no limit */
};

/* Make it. While the queue cannot take it (no space, no permission) it is tried again, as the caller may
 * have nowhere else to leave the mail. may_go_on is asked before each try; false: given up. */
bool postdrop_file_open(struct postdrop_file *f, long limit_bytes, bool (*may_go_on)(void));

/* False: errno, EFBIG beyond the limit. */
bool postdrop_file_add(struct postdrop_file *f, int type, const char *payload, size_t n);

bool postdrop_file_finish(struct postdrop_file *f); /* false: errno, and it is no mail */
void postdrop_file_remove(struct postdrop_file *f);

#endif
