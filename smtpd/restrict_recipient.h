/* restrict_recipient.h: what the restrictions on recipients do for others.
 */
#ifndef SMTPD_RESTRICT_RECIPIENT_H
#define SMTPD_RESTRICT_RECIPIENT_H

#include "smtpd/restrict_rule.h"

/* Log it if only the want of smtpd_relay_restrictions lets this client send to this recipient. */
void smtpd_restrict_recipient_note_relay(struct session *s, const char *recipient);

/* permit_auth_destination */
evaluator smtpd_restrict_recipient_permit_ours;

#endif
