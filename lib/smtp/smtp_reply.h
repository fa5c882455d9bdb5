/* smtp_reply.h: replies of an SMTP or LMTP server (RFC 5321 4.2).
 */
#ifndef SMTP_SMTP_REPLY_H
#define SMTP_SMTP_REPLY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "base/stream.h"
#include "mail/dsn.h"

/* Zero-filled memory is an empty one. */
struct smtp_reply {
    int code;                     /* 0: nothing that is a reply */
    char status[DSN_STATUS_SIZE]; /* its enhanced status (RFC 2034), else "4.0.0" and the like */
    struct str text;              /* all lines with their codes, joined by LF */
    struct str garbage;           /* the first line that had no code, if any */
    /* May change the line that begins at start, the last of text, before it is looked at; false: this is no use.
     * NULL: there is none. */
    bool (*filter)(void *context, struct str *text, size_t start);
    void *context;
};

/* Read one reply. Lines that are none are taken along and noted as garbage, as there may be a
 * reply behind them. False: the stream has failed, or the reply is endless, or the filter (code 0). */
bool smtp_reply_read(struct stream *s, struct smtp_reply *r);

/* Sleep until there is something to read, without trying first: for after a command was sent,
 * when nothing can be there yet. */
void smtp_reply_wait(struct stream *s);

int smtp_reply_class(const struct smtp_reply *r); /* first digit of the code */
void smtp_reply_done(struct smtp_reply *r);

#endif
