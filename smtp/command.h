/* command.h: MAIL and RCPT with the parameters that the server takes (RFC 1870, 3461, 6152, 6531).
 */
#ifndef SMTP_COMMAND_H
#define SMTP_COMMAND_H

#include "smtp/attempt.h"

/* Append the command and its CR LF. features: enum feature. False: a table failed. */
bool smtp_command_mail(struct attempt *a, int features, struct str *out);
bool smtp_command_rcpt(struct attempt *a, int features, size_t recipient, struct str *out);

#endif
