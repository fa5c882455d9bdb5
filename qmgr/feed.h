/* feed.h: the cleanup processes: the messages that they announce, and the marks for their journals.
 *
 * The form of the notes is in mail/qmgr_notes.h. A message lies in the journal of its feed until it
 * is removed or settled. When a cleanup process has died its journal is settled as a whole, and its
 * messages go on as queue files.
 */
#ifndef QMGR_FEED_H
#define QMGR_FEED_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "ipc/mux.h"

struct feed;
struct message;

/* For the mux handler. */
void qmgr_feed_note(struct mux *m, const char *bytes, size_t n);
void qmgr_feed_closed(struct mux *m);

/* For store.c. */
void qmgr_feed_mark_done(struct feed *f, const struct message *m);
void qmgr_feed_mark_recipient(struct feed *f, const struct message *m, uint32_t offset);
void qmgr_feed_settling(struct message *m);              /* it is being settled */
void qmgr_feed_reader(struct feed *f, int change);       /* deliveries that read this journal */

void qmgr_feed_flush(void);                              /* the marks of this turn leave */

struct message *qmgr_feed_next(void);                    /* the next to be started; NULL: none waits */

/* Settle what was announced before this time: journals stay short when mail is slow. */
void qmgr_feed_settle(msec before);
bool qmgr_feed_has_older(msec before);                   /* is any such message still in a journal? */

#endif
