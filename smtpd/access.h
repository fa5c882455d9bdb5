/* access.h: what an access table's value means: access(5).
 */
#ifndef SMTPD_ACCESS_H
#define SMTPD_ACCESS_H

#include "smtpd/verdict.h"

/* The action of a table ("type:name") for what was looked up; name and class: what is judged, as
 * the reply and the log tell. */
enum verdict smtpd_access_act(struct session *s, const char *value, const char *table, const char *key,
    const char *name, const char *class, struct reply *why);

#endif
