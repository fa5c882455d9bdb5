/* address.h: single mail addresses, in internal form (see quote.h) unless said otherwise.
 */
#ifndef MAIL_ADDRESS_H
#define MAIL_ADDRESS_H

#include <stddef.h>

/* The domain: what follows the last '@'. NULL: there is none. */
const char *address_domain(const char *address);

/* Length of the local part: up to the last '@', or all. */
size_t address_local_len(const char *address);

/* Length of the user in user+extension; the extension begins one byte behind it. local_len if
 * there is no extension to split off: no delimiter, nothing before it, or a name that stays
 * whole (postmaster, mailer-daemon, double_bounce, which may be NULL, and with '-' among the
 * delimiters owner-list and list-request). delimiters: recipient_delimiter, any one of them. */
size_t address_user_len(const char *local, size_t local_len, const char *delimiters, const char *double_bounce);

#endif
