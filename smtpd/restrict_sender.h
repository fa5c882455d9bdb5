/* restrict_sender.h: judgements on an address that serve for senders and for recipients.
 */
#ifndef SMTPD_RESTRICT_SENDER_H
#define SMTPD_RESTRICT_SENDER_H

#include "smtpd/verdict.h"

/* class: CLASS_SENDER or CLASS_RECIPIENT. */
enum verdict smtpd_restrict_sender_non_fqdn(struct session *s, const char *address, const char *class,
    struct reply *why);
enum verdict smtpd_restrict_sender_unknown_domain(struct session *s, const char *address, const char *class,
    struct reply *why);

#endif
