/* dots.h: message content as it comes over SMTP (RFC 5321 4.5.2), decoded in place.
 *
 * CRLF becomes LF, and a lone LF is a line end, too. A dot at the beginning of a line is removed; a
 * line of one dot is the end. Chunks may end anywhere.
 */
#ifndef SMTPD_DOTS_H
#define SMTPD_DOTS_H

#include <stdbool.h>
#include <stddef.h>

enum dots_state { DOTS_LINE_START, DOTS_DOT, DOTS_DOT_CR, DOTS_TEXT, DOTS_END };

struct dots {
    enum dots_state state;
    bool has_dots;         /* DATA; in BDAT a dot is a dot */
    bool wants_crlf;       /* only CRLF . CRLF is the end. A dot between other line ends is left out:
                              elsewhere it might be an end, and what follows another message
                              (CVE-2023-51764) */
    bool was_bare;         /* the line before ended in a lone LF */
    bool saw_bare;         /* some line did */
    bool has_cr;           /* the last chunk ended in a carriage return, not yet decided on */
    size_t line_count;
};

/* Does that carriage return turn out to be text, now that this chunk follows? Then the caller adds it
 * to the content. Before each smtpd_dots_decode(). */
bool smtpd_dots_is_cr_text(struct dots *d, const char *bytes, size_t n);

/* Decode a chunk: the result is at bytes, its length is returned. *used: how many of the n bytes
 * it took; all, unless state is DOTS_END now. */
size_t smtpd_dots_decode(struct dots *d, char *bytes, size_t n, size_t *used);

#endif
