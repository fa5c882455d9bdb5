/* setup.h: what main.cf says, in the form in which it is asked for. Nothing changes after the start.
 */
#ifndef LOCAL_SETUP_H
#define LOCAL_SETUP_H

#include "agents/local/target.h"

enum delivered_header { HEADER_IN_COMMAND = 1 << 0, HEADER_IN_FILE = 1 << 1, HEADER_IN_FORWARD = 1 << 2 };

struct local_setup {
    unsigned to_commands, to_files;  /* enum origin: allow_mail_to_commands, allow_mail_to_files */
    unsigned propagated;             /* enum origin: propagate_unmatched_extensions */
    unsigned headers;                /* enum delivered_header: prepend_delivered_header */
    unsigned locks;                  /* enum mailbox_lock: mailbox_delivery_lock */
};
extern struct local_setup local_setup;

void local_setup_open(void); /* before the jail; what cannot be is fatal */

/* Does what an expansion of this kind names get the extension that nothing has matched? */
bool local_setup_propagates(enum origin what);

#endif
