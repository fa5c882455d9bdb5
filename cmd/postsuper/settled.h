/* settled.h: messages of the journal as queue files, so that what is done to files can be done to them.
 *
 * qmgr is asked to settle them; when it does not run, nobody uses the journal and it is settled here.
 */
#ifndef POSTSUPER_SETTLED_H
#define POSTSUPER_SETTLED_H

#include <stdbool.h>

/* One, if it is in the journal, or all: unless the queues (NULL-terminated) are others than those of the journal. */
void postsuper_settled_one(const char *id, const char *const *queues);
void postsuper_settled_all(const char *const *queues);
void postsuper_settled_left_over(void); /* all, if the mail system is down; else nothing */

#endif
