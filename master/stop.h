/* stop.h: ending in order.
 */
#ifndef MASTER_STOP_H
#define MASTER_STOP_H

/* End every worker: first those that bring mail in and send it out, so that what they know reaches
 * qmgr; then qmgr; then the rest; who does not go is killed. Then what is in the journal becomes
 * queue files: after a stop the queue directories hold everything (doc/store.md). */
void master_stop_everything(void);

int master_stop_stage(const char *program); /* in which of these its turn is, 0 first */

#endif
