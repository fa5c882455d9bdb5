/* scan.h: walking through a queue directory, a part at a time.
 */
#ifndef QMGR_SCAN_H
#define QMGR_SCAN_H

#include <stdbool.h>

#include "base/str.h"
#include "queue/dirs.h"

struct scan {
    const char *queue;
    struct queue_scan *walk;  /* NULL: not under way */
    bool again;               /* asked for while it was under way */
    struct str path;          /* of the file last found */
};

void qmgr_scan_want(struct scan *s);          /* begin, or once more when the present round has ended */
bool qmgr_scan_is_active(const struct scan *s);
const char *qmgr_scan_next(struct scan *s);   /* an id; NULL: the round has ended */
void qmgr_scan_stop(struct scan *s);

#endif
