/* identity.h: being someone else for a moment.
 *
 * An agent that keeps root lives as mail_owner, and writes mail as the one to whom it belongs. The effective
 * user and groups of the whole process change: nothing may wait in between. Not root: nothing changes.
 * A failure is fatal: nothing is ever done as the wrong one.
 */
#ifndef DELIVER_IDENTITY_H
#define DELIVER_IDENTITY_H

#include <sys/types.h>

void identity_take(uid_t uid, gid_t gid); /* gid is the only supplementary group, as with Postfix */
void identity_drop(void);                 /* mail_owner: at the start, and after each identity_take() */

#endif
