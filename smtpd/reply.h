/* reply.h: what a command answers.
 *
 * A handler returns its reply; session.c sends it, counts it and hangs up after 421. Lines of a
 * longer reply are separated by '\n'. Text is static, or lives until the next command.
 */
#ifndef SMTPD_REPLY_H
#define SMTPD_REPLY_H

#include <stdbool.h>

struct reply {
    int code;
    const char *dsn;  /* RFC 3463 status; NULL: this reply has none */
    const char *text;
    bool is_last;     /* hang up although the code does not say so */
    bool is_forgiven; /* an error that does not count against the client */
};

static inline struct reply reply(int code, const char *dsn, const char *text)
{
    return (struct reply){.code = code, .dsn = dsn, .text = text};
}

static inline bool reply_is_error(const struct reply *r)
{
    return r->code >= 400;
}

/* RFC 5321 3.8, 4.2.2 and RFC 7504: after 421 and 521 the server ends the session. */
static inline bool reply_is_last(const struct reply *r)
{
    return r->is_last || r->code == 421 || r->code == 521;
}

#endif
