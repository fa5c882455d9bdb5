/* suspend.h: suspensions, and what becomes of the mail that waited.
 *
 * Mail for what is suspended does not wait until the end: the retry service defers it, with the
 * reason, so that its sender and the operator can see it.
 */
#ifndef QMGR_SUSPEND_H
#define QMGR_SUSPEND_H

#include "base/loop.h"
#include "mail/dsn.h"

struct path;

struct suspension {
    char *text;              /* what mail is told: "4.4.1 connect to host: Connection refused"; NULL: not suspended */
    struct timer end;
};

/* said: what the reason begins with. */
void qmgr_suspend_begin(
    struct suspension *s, const char *said, const struct dsn *why, int seconds, void (*over)(void *arg), void *arg);
void qmgr_suspend_end(struct suspension *s);            /* nothing if it is not suspended */

/* All that waits in the lanes of a path goes to the retry service. */
void qmgr_suspend_mail(struct path *p, const char *text);

#endif
