/* postdrop_client.h: leaving a message in maildrop/, through postdrop(1), which may write there.
 *
 * For programs that run as anybody: sendmail(1), and the SMTP server on standard input. What they give are
 * the records of a queue file (queue/record.h): the envelope, M, the content, X, recipients that were found
 * in the content, E. postdrop checks them, and adds the time. Waits as io_wait() does.
 */
#ifndef MAIL_POSTDROP_CLIENT_H
#define MAIL_POSTDROP_CLIENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct postdrop;

/* Start it. NULL: it cannot be run, or has ended at once; that was logged. */
struct postdrop *postdrop_open(void);
const char *postdrop_command(void); /* "/usr/sbin/postdrop -r"; valid until the next call */
const char *postdrop_queue_id(const struct postdrop *p);

/* False: it takes no more, and postdrop_commit() will say why. */
bool postdrop_add(struct postdrop *p, int type, const char *payload, size_t n);
bool postdrop_adds(struct postdrop *p, int type, const char *text);
bool postdrop_add_attr(struct postdrop *p, const char *name, const char *value); /* nothing for an empty value */

/* After the E record: the status bits of cleanup_client.h, 0 when the message is on stable storage. reason
 * is replaced by postdrop's text, which may be empty. p is gone. */
int postdrop_commit(struct postdrop *p, struct str *reason);

void postdrop_cancel(struct postdrop *p); /* without an E record: no message; accepts NULL; p is gone */

#endif
