/* smtp_text.h: the content of a message on its way out (RFC 5321 4.5.2).
 *
 * Lines get CR LF, a leading dot is doubled, and a line that is longer than the limit is broken
 * with CR LF and a blank.
 */
#ifndef SMTP_SMTP_TEXT_H
#define SMTP_SMTP_TEXT_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct smtp_text {
    struct str *out;
    size_t line_limit; /* 0: none */
    size_t used;       /* bytes of the present line; 0: at its beginning */
    bool has_broken;   /* a line was too long */
    bool is_open;      /* the last line has no end yet */
};

/* A line, or with is_end false its beginning or middle. */
void smtp_text_add(struct smtp_text *t, const char *bytes, size_t n, bool is_end);

/* The end of the message: a line that is open is ended, then comes the dot. */
void smtp_text_end(struct smtp_text *t);

#endif
