/* recipient.h: is there such a user here?
 */
#ifndef SMTPD_RECIPIENT_H
#define SMTPD_RECIPIENT_H

#include "smtpd/verdict.h"

/* reject_unlisted_recipient and reject_unlisted_sender (class: CLASS_RECIPIENT, CLASS_SENDER):
 * refuse an address in a domain of ours that no table knows. DUNNO for all others. */
enum verdict smtpd_recipient_check(struct session *s, const char *address, const char *class, struct reply *why);

#endif
