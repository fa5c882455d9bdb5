/* check.h: what postdrop accepts from a stranger: the records of a message, in their order.
 */
#ifndef POSTDROP_CHECK_H
#define POSTDROP_CHECK_H

#include <stdbool.h>

#include "base/str.h"
#include "queue/record.h"

enum postdrop_stage { POSTDROP_ENVELOPE, POSTDROP_CONTENT, POSTDROP_EXTRACTED, POSTDROP_END };

struct postdrop_check {
    enum postdrop_stage stage;
    bool has_record, has_sender, has_recipient;
};

enum postdrop_verdict {
    POSTDROP_KEEP,
    POSTDROP_LEAVE_OUT, /* why, for the log */
    POSTDROP_REFUSE     /* the message: why */
};

/* Judge the next record. */
enum postdrop_verdict postdrop_check_record(struct postdrop_check *c, const struct record *r, struct str *why);

#endif
