/* report.h: the end of a target: logged, and told to bounce, defer or trace.
 */
#ifndef LOCAL_REPORT_H
#define LOCAL_REPORT_H

#include "agents/local/target.h"
#include "deliver/copy.h"

/* OUTCOME_DONE, or OUTCOME_DEFERRED if the services could not be told. */
enum outcome local_report_sent(const struct target *t, const char *format, ...) PRINTF(2, 3);

enum outcome local_report_relayed(const struct target *t, const char *queue_id); /* it goes on under another id */

/* The status says whether it is for good. OUTCOME_DONE: it was, and the sender, or the owner of the list
 * that the mail was for, is told. */
enum outcome local_report_failed(const struct target *t, const char *status, const char *format, ...) PRINTF(3, 4);
enum outcome local_report_copy(const struct target *t, const struct copy *c, const char *format, ...) PRINTF(3, 4);
enum outcome local_report_dsn(const struct target *t, const struct dsn *dsn); /* these: the same */

/* RFC 3461 5.2.7: an address is expanded: the sender is told that, if NOTIFY has SUCCESS, when all has gone on,
 * by this action ... */
void local_report_expanded(const struct target *t, const char *action);
/* ... and is not told of the success of what it was expanded to. */
void local_report_without_success(struct target *t);

/* The outcome of several: deferred, if one is. */
enum outcome local_report_both(enum outcome a, enum outcome b);

#endif
