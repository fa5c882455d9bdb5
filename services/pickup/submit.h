/* submit.h: giving a file in maildrop/ to cleanup.
 */
#ifndef PICKUP_SUBMIT_H
#define PICKUP_SUBMIT_H

#include <stdbool.h>

#include "services/pickup/drop.h"

void pickup_submit_init(void); /* from main.cf; before the chroot */

/* In a task. The file is removed when cleanup has the message on stable storage, not before: a crash
 * in between may repeat a message but not lose it. What cleanup will never take is saved to corrupt/.
 * False: cleanup cannot be reached, or the disk is full; other files would not fare better now. */
bool pickup_submit(struct drop *d);

#endif
