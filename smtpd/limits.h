/* limits.h: how much one client may do: anvil's counts against smtpd_client_*_limit.
 */
#ifndef SMTPD_LIMITS_H
#define SMTPD_LIMITS_H

#include "mail/anvil_client.h"
#include "smtpd/session.h"

/* A connection has begun. False: there are too many; the reply is in why. */
bool smtpd_limits_connect(struct session *s, struct reply *why);
void smtpd_limits_disconnect(struct session *s);

/* A message or recipient is about to come. False: too many lately. */
bool smtpd_limits_count(struct session *s, enum anvil_event event, struct reply *why);

#endif
