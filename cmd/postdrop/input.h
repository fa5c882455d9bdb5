/* input.h: records from standard input, one at a time, as they come.
 */
#ifndef POSTDROP_INPUT_H
#define POSTDROP_INPUT_H

#include "queue/record.h"

enum postdrop_input {
    POSTDROP_RECORD,    /* valid until the next call */
    POSTDROP_EOF,       /* no more */
    POSTDROP_MALFORMED, /* that was logged */
    POSTDROP_STOPPED    /* a signal asks us to end */
};

/* From now on HUP, INT, QUIT and TERM arrive only while we wait for input; what is under way is not cut off. */
void postdrop_input_open(void);
bool postdrop_input_is_stopped(void);

enum postdrop_input postdrop_input_next(struct record *r, size_t limit_bytes);

#endif
