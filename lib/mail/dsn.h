/* dsn.h: the outcome of an attempt, in the words of RFC 3463 and RFC 3464.
 */
#ifndef MAIL_DSN_H
#define MAIL_DSN_H

#include <stdbool.h>

#include "base/arena.h"
#include "base/str.h"
#include "ipc/attr.h"

enum { DSN_STATUS_SIZE = 12 }; /* "5.123.456" and a NUL */

/* Text belongs to whoever made it; "" where there is none. */
struct dsn {
    const char *status;     /* "4.4.1" */
    const char *action;     /* "failed" "delayed" "delivered" "relayed" "expanded" "deliverable" "undeliverable";
                               "": as fits */
    const char *reason;     /* what the log shows in parentheses */
    const char *diag_type;  /* "smtp", "x-postfix" ... */
    const char *diag_text;
    const char *mta_type;   /* "dns" */
    const char *mta_name;
};

/* Does the text begin with an enhanced status code (RFC 3463)? Its length, or 0. */
size_t dsn_status_at(const char *text);

/* Split "5.1.1 text": the code, or the default, goes to status; the rest is returned. */
const char *dsn_split(const char *text, const char *default_status, char status[DSN_STATUS_SIZE]);

/* A status that is not of this class ('2', '4' or '5') becomes "X.0.0", with a warning in which caller is Postfix's
 * name for what would have reported it: "sent", "bounce_append", "defer_append". */
void dsn_insist_on(char class, const char *caller, char status[DSN_STATUS_SIZE]);

/* As attributes of a list that is being written or was read: "dsn" (the status) action reason
 * diag_type diag_text mta_type mta_name; empty ones are not sent. */
void dsn_put(struct str *out, const struct dsn *d);
void dsn_get(struct attrs *list, struct dsn *d); /* text lies in the list's bytes */
void dsn_copy(struct arena *a, struct dsn *to, const struct dsn *from);

#endif
