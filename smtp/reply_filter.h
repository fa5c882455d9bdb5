/* reply_filter.h: smtp_reply_filter, a table that changes what servers say.
 */
#ifndef SMTP_REPLY_FILTER_H
#define SMTP_REPLY_FILTER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

void smtp_reply_filter_open(void);  /* before the jail */

/* For smtp_reply.h. The context is the session. False: the table could not be asked, and what the server means is not
 * known. */
bool smtp_reply_filter_line(void *context, struct str *text, size_t start);

#endif
