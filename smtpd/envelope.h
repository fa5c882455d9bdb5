/* envelope.h: what cleanup is told about a message besides its recipients and content.
 */
#ifndef SMTPD_ENVELOPE_H
#define SMTPD_ENVELOPE_H

#include "smtpd/session.h"

/* Sender, parameters of MAIL, the client, what access tables asked for: as attributes and flags. */
void smtpd_envelope_put(struct session *s);

#endif
