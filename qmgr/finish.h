/* finish.h: the end of a message's stay in memory: notifications, then removal or a later attempt.
 */
#ifndef QMGR_FINISH_H
#define QMGR_FINISH_H

struct message;

/* No recipient of m is waiting, under way or unread. m is gone, at once or when the services have
 * answered. */
void qmgr_finish(struct message *m);

#endif
