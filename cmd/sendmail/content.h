/* content.h: the text of a message, from a file descriptor to records, and what can be read in it.
 */
#ifndef SENDMAIL_CONTENT_H
#define SENDMAIL_CONTENT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/arena.h"
#include "base/vec.h"

enum sendmail_line_ends { SENDMAIL_CRLF_ALWAYS, SENDMAIL_CRLF_STRICT, SENDMAIL_CRLF_NEVER };

struct sendmail_content {
    int fd;                               /* blocking */
    enum sendmail_line_ends line_ends;    /* sendmail_fix_line_endings */
    bool has_no_end_dot;                  /* a line with nothing but a dot is a line */
    bool reads_recipients;
    size_t line_limit;                    /* line_length_limit: longer lines become pieces */
    struct arena *arena;
    bool (*put)(void *context, int type, const char *text, size_t n); /* false: nobody wants more */
    void *context;
    /* the outcome */
    struct vec recipients;                /* const char *, internal form: those of Resent- headers if there are any */
};

/* Read to the end. False: errno. */
bool sendmail_content_read(struct sendmail_content *c);

#endif
