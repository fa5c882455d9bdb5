/* header.h: message header fields (RFC 5322 2.2) and what is known about some.
 */
#ifndef MAIL_HEADER_H
#define MAIL_HEADER_H

#include <stddef.h>

#include "base/str.h"

enum header_id {
    HEADER_OTHER,
#define HEADER(id, name, flags) HEADER_##id,
#include "mail/header.def"
#undef HEADER
    HEADER_ID_COUNT
};

enum header_flag {
    HEADER_DROP_DEFAULT = 1 << 0, /* among the default of message_drop_headers */
    HEADER_OF_SENDER = 1 << 1,    /* holds addresses, which rewriting treats as a sender's */
    HEADER_OF_RECIPIENT = 1 << 2, /* holds addresses, which rewriting treats as recipients' */
    HEADER_OF_RESENT = 1 << 3,    /* makes the message a resent one (RFC 5322 3.6.6) */
    HEADER_EXTRACT = 1 << 4,      /* sendmail -t takes recipients from it */
    HEADER_OF_MIME = 1 << 5,      /* governs a MIME entity (RFC 2045) */
    HEADER_ONCE = 1 << 6          /* may be there once at most (RFC 5322 3.6) */
};

struct header_info {
    const char *name; /* in its usual spelling */
    enum header_id id;
    unsigned flags;
};

/* What is known about a header name, in any case; NULL: nothing. */
const struct header_info *header_find(const char *name, size_t len);
const struct header_info *header_by_id(enum header_id id); /* NULL for HEADER_OTHER */

/* Length of the field name if the line begins a header: printable ASCII up to a colon, with
 * blanks allowed before it. 0: it does not. */
size_t header_name_len(const char *line, size_t len);

/* Where the value begins in the text of a header: behind the colon and the white space. */
const char *header_value(const char *text);

#endif
