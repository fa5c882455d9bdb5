/* content.h: the message, as it goes out after DATA.
 */
#ifndef SMTP_CONTENT_H
#define SMTP_CONTENT_H

#include "smtp/session.h"

/* Write the content into the stream, up to the dot or (with is_dot_delayed) before it. False: the
 * message cannot be read to its end, and must not be ended with a dot. */
bool smtp_content_send(struct attempt *a, struct session *s, bool is_dot_delayed);

#endif
