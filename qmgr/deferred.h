/* deferred.h: the messages in deferred/, and when each is to be tried again.
 *
 * A message costs one small record (about 70 bytes, all in): its id and its time, in a wheel of
 * seconds and in a table by id, so that a retry needs no scan of the directory, and a scan need not
 * look at files that are known. What the record says is a hint: the file's time stamp decides.
 */
#ifndef QMGR_DEFERRED_H
#define QMGR_DEFERRED_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

struct message;

void qmgr_deferred_add(const char *queue_id, time_t retry); /* known already: its time is changed; 0: now, flushed */
bool qmgr_deferred_knows(const char *queue_id);
void qmgr_deferred_all_due(void);                           /* a flush: do not wait for their time */
size_t qmgr_deferred_count(void);

/* The id of a message whose time has come, oldest first, which is forgotten; NULL: there is none. The
 * text is valid until the next call. is_flushed: whatever its file says. */
const char *qmgr_deferred_next(bool *is_flushed);

/* When m is to be tried again, if it is deferred now: it waits as long as it has been in the queue,
 * between minimal_backoff_time and maximal_backoff_time. */
time_t qmgr_deferred_retry_time(const struct message *m);

#endif
