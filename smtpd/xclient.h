/* xclient.h: what XCLIENT and XFORWARD share.
 */
#ifndef SMTPD_XCLIENT_H
#define SMTPD_XCLIENT_H

#include "smtpd/session.h"

#define XCLIENT_ATTRIBUTES "NAME ADDR PROTO HELO REVERSE_NAME PORT LOGIN DESTADDR DESTPORT"

/* "NAME=value" of a command: an upper-case name and the decoded value, in scratch. False: *why. */
bool smtpd_xclient_attribute(struct session *s, const struct word *word, const char **name, const char **value,
    struct reply *why);

bool smtpd_xclient_is_unavailable(const char *value); /* [UNAVAILABLE] or [TEMPUNAVAIL] */

/* "192.0.2.1", "IPV6:2001:db8::1". False: neither. */
bool smtpd_xclient_address(const char *value, struct net_addr *addr);

bool smtpd_xclient_is_port(const char *value);

#endif
