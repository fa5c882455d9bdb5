/* recent.h: the messages that were done in the last seconds.
 *
 * A done mark is on its way for a while. When its writer dies meanwhile, or says before it has read
 * it that the message is live, this memory keeps the message from being delivered again.
 */
#ifndef QMGR_RECENT_H
#define QMGR_RECENT_H

#include <stdbool.h>

void qmgr_recent_add(const char *queue_id);
bool qmgr_recent_has(const char *queue_id); /* quick only if asked many times in a row */

#endif
