/* request.h: what other programs ask of qmgr.
 *
 *     request=settle queue_id=ID|ALL    postsuper: make it a queue file; the reply, status=0, comes when it is one
 *     request=stay                      cleanup: see mail/qmgr_notes.h; the reply comes when qmgr ends
 */
#ifndef QMGR_REQUEST_H
#define QMGR_REQUEST_H

#include <stddef.h>

#include "ipc/mux.h"

void qmgr_request(struct request *r);
void qmgr_request_check(void);        /* at the end of a turn: answer what has been done */
void qmgr_request_release_all(void);  /* those who stay may go */
void qmgr_request_lost(void);         /* a connection is gone: forget what it asked */

/* Postfix's letters: A F D I W, together in any order and number. */
void qmgr_request_trigger(const char *letters, size_t n);

#endif
