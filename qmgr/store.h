/* store.h: what happens to a message where it is stored: in the journal, by marks to its writer, or
 * in its queue file, as in Postfix.
 *
 * A message of the journal that must stay is settled: a helper thread writes it as a queue file
 * (queue/settle.h), then its entry is done. The done mark waits until no agent reads the entry.
 */
#ifndef QMGR_STORE_H
#define QMGR_STORE_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

struct message;

struct feed;

/* A delivery begins to read it; it gives the result back at its end. */
struct feed *qmgr_store_read_begins(struct message *m);
void qmgr_store_read_ended(struct message *m, struct feed *read);

bool qmgr_store_is_over(const struct message *m);  /* all is done and nothing to report: the next step is its removal */
void qmgr_store_recipient_done(struct message *m, uint32_t offset);
bool qmgr_store_is_delay_to_clear(const struct message *m); /* and the end of the delay is to be reported */
bool qmgr_store_has_log(const struct message *m, const char *queue); /* bounce, defer, trace */

/* Make it a file in active/ (incoming/ if it has not been started: m is gone then), then call next(m)
 * from here or later; next may be NULL. Tried again until it succeeds. */
void qmgr_store_settle(struct message *m, void (*next)(struct message *m));

/* It is a file: its W record says that the warning was sent; its trace_flags are void. */
void qmgr_store_no_more_warnings(struct message *m);
void qmgr_store_no_more_traces(struct message *m);

/* The ends. m is gone at once or later. */
void qmgr_store_remove(struct message *m);           /* done; logged */
void qmgr_store_defer(struct message *m, time_t retry);
void qmgr_store_drop(struct message *m);             /* its file was taken away */
void qmgr_store_lost(struct message *m, const char *why);    /* cannot be opened */
void qmgr_store_corrupt(struct message *m, const char *why); /* saved to corrupt/ */

/* The journal it was in has been settled, its writer is dead: its file is in incoming/. */
void qmgr_store_adopt(struct message *m);

#endif
