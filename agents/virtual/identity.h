/* identity.h: being someone else for a moment.
 *
 * The effective user of the whole process changes: nothing may wait in between.
 */
#ifndef VIRTUAL_IDENTITY_H
#define VIRTUAL_IDENTITY_H

#include <sys/types.h>

void virtual_identity_take(uid_t uid, gid_t gid);
void virtual_identity_drop(void);  /* root again */

#endif
