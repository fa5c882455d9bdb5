/* hostname.h: is this text a host name, or an address literal?
 */
#ifndef SMTPD_HOSTNAME_H
#define SMTPD_HOSTNAME_H

#include <stdbool.h>

/* RFC 1123 2.1, and underscores, since they exist: labels of letters, digits, '-' and '_', not all
 * numeric. An internationalised name is judged by its ASCII form, if
 * smtputf8_enable lets there be such names. */
bool smtpd_hostname_is_valid(const char *name);

/* The same, and it has a dot in it. A dot at the end does not count. */
bool smtpd_hostname_is_qualified(const char *name);

/* RFC 5321 4.1.3: "[192.0.2.1]", "[IPv6:2001:db8::1]". */
bool smtpd_hostname_is_literal(const char *text);

/* What may stand behind the '@' of an address: a name (a dot at its end does not count), a literal, or
 * with resolve_numeric_domain an address. */
bool smtpd_hostname_is_mail_domain(const char *domain);

/* "192.0.2.1" or "2001:db8::1". */
bool smtpd_hostname_is_address(const char *text);

#endif
