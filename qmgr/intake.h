/* intake.h: which message becomes active next.
 *
 * New mail (announced by cleanup, or found in incoming/) and mail whose time for another attempt has
 * come take turns, as long as there is room (qmgr_message_active_limit).
 */
#ifndef QMGR_INTAKE_H
#define QMGR_INTAKE_H

#include <stdbool.h>

#include "base/clock.h"

enum intake_queue { INTAKE_INCOMING, INTAKE_DEFERRED };

void qmgr_intake_start(void);                   /* once: journals of the dead, active/ back to incoming/, scans */
void qmgr_intake_scan(enum intake_queue which); /* look for files; one more round if a scan is under way */
void qmgr_intake_reload(void);                  /* queue_run_delay may be another: a queue run now, and so on */
void qmgr_intake_flush(void);                   /* deferred mail need not wait for its time */
bool qmgr_intake_was_flushed(msec since);       /* was that asked for since then? */
void qmgr_intake_file(const char *queue_id);    /* there is a new file in incoming/ */
void qmgr_intake_stop(void);                    /* nothing becomes active any more */

void qmgr_intake(void);                         /* at the end of a turn */

#endif
