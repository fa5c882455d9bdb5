/* mime_type.h: the values of MIME headers (RFC 2045 5.1, 6.1).
 */
#ifndef MAIL_MIME_TYPE_H
#define MAIL_MIME_TYPE_H

#include <stdbool.h>

#include "base/str.h"

enum mime_type {
    MIME_TYPE_OTHER,     /* no parts */
    MIME_TYPE_TEXT,
    MIME_TYPE_MULTIPART,
    MIME_TYPE_DIGEST,    /* multipart/digest: its parts are messages unless they say otherwise */
    MIME_TYPE_MESSAGE,   /* message/rfc822: headers follow */
    MIME_TYPE_GLOBAL,    /* message/global (RFC 6532): the same, but may be encoded as a whole */
    MIME_TYPE_FRAGMENT,  /* message/partial, message/external-body: not to be looked into, 7-bit only */
    MIME_TYPE_MESSAGE_OTHER
};

/* The type in the value of a Content-Type header. *rest is where its parameters begin. */
enum mime_type mime_type_parse(const char *value, const char **rest);

/* The next parameter at *rest that is a boundary, without quotes, replaces what is in boundary.
 * False: there is none. */
bool mime_type_boundary(const char **rest, struct str *boundary);

/* The first word of a value in lower case, without comments: "quoted-printable". */
void mime_type_word(const char *value, struct str *word);

#endif
