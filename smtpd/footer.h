/* footer.h: smtpd_reject_footer: what we add to a refusal for the human at the other side.
 */
#ifndef SMTPD_FOOTER_H
#define SMTPD_FOOTER_H

#include "smtpd/session.h"

/* The text of a reply with the footer: "\c" at its beginning appends to the line, else it is a
 * line of its own, or more. Lives until the next command. */
const char *smtpd_footer_add(struct session *s, const struct reply *r);

#endif
