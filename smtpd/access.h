/* access.h: what an access table's value means: access(5).
 */
#ifndef SMTPD_ACCESS_H
#define SMTPD_ACCESS_H

#include "smtpd/verdict.h"

/* The action of a table ("type:name") for what was looked up; name and class: what is judged, as
 * the reply and the log tell. */
enum verdict smtpd_access_act(struct session *s, const char *value, const char *table, const char *key,
    const char *name, const char *class, struct reply *why);

/* A status of one kind of address makes no sense for another: "bad destination mailbox" for a
 * sender. For what is no address at all, none of them does. The one that fits, from the session's scratch. */
const char *smtpd_access_fit_status(struct session *s, const char *dsn, const char *class);

#endif
