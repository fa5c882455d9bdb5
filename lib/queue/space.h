/* space.h: is there room for another message in the file system of the queue?
 */
#ifndef QUEUE_SPACE_H
#define QUEUE_SPACE_H

#include <stdbool.h>

/* At least queue_minfree bytes are free, and one and a half times message_size (0: not asked for). False: logged.
 * Free space changes slowly, so it is looked at once a second; what cannot be found out is taken for enough. */
bool space_is_left(long message_size);

#endif
