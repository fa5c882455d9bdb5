/* store.h: making a message durable, and telling qmgr.
 */
#ifndef CLEANUP_STORE_H
#define CLEANUP_STORE_H

#include <stdbool.h>

#include "cleanup/message.h"

void cleanup_store_init(void);
void cleanup_store_opened(struct mux *m);       /* a client has connected: greet it */
void cleanup_store_closed(struct mux *m);       /* it has gone: what it reserved is removed */
void cleanup_store_leave(void);                 /* the process ends */
bool cleanup_store_is_idle(void);               /* everything is done and qmgr knows it */

/* queue_store = file: make the file whose inode is in the id, empty, mode 0600. It goes with its owner unless the
 * message comes, which then has it: claim. False: logged. */
bool cleanup_store_reserve(struct mux *owner, char queue_id[], struct timeval *when);
void cleanup_store_claim(struct message *m);

/* Put the message, complete or not, into its file in incoming/, which goes with it unless it is kept.
 * The descriptor; -1: errno. */
int cleanup_store_file(struct message *m);

/* Wait until the message is on stable storage; status bits, 0: it is, and qmgr has been told. */
int cleanup_store_commit(struct message *m);

#endif
