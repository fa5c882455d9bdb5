/* chat.h: a line in, a reply out.
 */
#ifndef SMTPD_CHAT_H
#define SMTPD_CHAT_H

#include "base/compiler.h"
#include "smtpd/session.h"

/* Read the next command into s->line. False: there will be none; s->reason says why. */
bool smtpd_chat_read(struct session *s);

/* Send a reply: soft_bounce, footer, tar-pit delay; noted in the transcript. */
void smtpd_chat_send(struct session *s, const struct reply *r);

/* A reply with formatted text, in the arena of the command. */
struct reply smtpd_chat_reply(struct session *s, int code, const char *dsn, const char *format, ...) PRINTF(4, 5);

/* What the client said may come back to it in a reply: blanks take the place of what is not printable. */
void smtpd_chat_mask(char *text);

/* Why the stream failed, in the words of the log; NULL: it has not. */
const char *smtpd_chat_failure(const struct session *s);

#endif
