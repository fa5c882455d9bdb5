/* mime.h: a message's structure (RFC 2045, 2046), found while its lines pass.
 *
 * Lines go in, without their ends; out come complete headers (logical lines, joined with LF),
 * the end of each header, and body lines as they are. What a caller does not ask for is not
 * called (NULL). Boundaries, and the headers of attachments when a handler rewrites them, pass
 * through the same calls, so that writing down header texts and body lines in order gives the
 * message again. The body of a message without parts costs one call a line, and no look at it
 * unless an option needs one.
 */
#ifndef MAIL_MIME_H
#define MAIL_MIME_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"
#include "mail/header.h"

struct mime;

enum mime_class { MIME_PRIMARY = 1, MIME_PART, MIME_NESTED };

/* The last, or only, piece of a line, or not: the queue file's record types. */
enum mime_piece { MIME_LINE = 'N', MIME_CONTINUED = 'L' };

enum mime_error {
    MIME_NESTING = 1 << 0,          /* the deeper parts are taken as text */
    MIME_TRUNCATED_HEADER = 1 << 1,
    MIME_8BIT_IN_HEADER = 1 << 2,
    MIME_8BIT_IN_7BIT_BODY = 1 << 3,
    MIME_ENCODING_DOMAIN = 1 << 4,  /* multipart or message that is base64 or quoted-printable as a whole */
    MIME_NO_BLANK_LINE = 1 << 5     /* a line that is no header ends the primary header; a blank one is added */
};

/* Errors are looked for, and reported, only if asked for. */
enum mime_option {
    MIME_REPORT_NESTING = MIME_NESTING,
    MIME_REPORT_TRUNCATED_HEADER = MIME_TRUNCATED_HEADER,
    MIME_REPORT_8BIT_IN_HEADER = MIME_8BIT_IN_HEADER,
    MIME_REPORT_8BIT_IN_7BIT_BODY = MIME_8BIT_IN_7BIT_BODY,
    MIME_REPORT_ENCODING_DOMAIN = MIME_ENCODING_DOMAIN,
    MIME_REPORT_NO_BLANK_LINE = MIME_NO_BLANK_LINE, /* for non_empty_end_of_header_action */
    MIME_DISABLE = 1 << 8,          /* no parts: one header, one body */
    MIME_DOWNGRADE = 1 << 9         /* 8-bit text becomes quoted-printable, for a 7-bit transport */
};

enum mime_encoding { MIME_7BIT, MIME_8BIT, MIME_BINARY, MIME_QUOTED_PRINTABLE, MIME_BASE64 };

struct mime_limits {
    size_t line_length;     /* line_length_limit: longer lines go out in pieces; mime_push() only */
    size_t header_size;     /* header_size_limit: the rest of a longer header is dropped */
    size_t boundary_length; /* mime_boundary_length_limit: what follows is not compared */
    size_t nesting;         /* mime_nesting_limit */
};
extern const struct mime_limits mime_default_limits;

struct mime_events {
    /* A header with its name, a colon, its value, and LF and white space at folds. The handler
     * may change the text; mime has taken from it what it needs. known may be NULL. */
    void (*header)(void *context, enum mime_class class, const struct header_info *known, struct str *text);
    /* The primary header is complete; an empty body line follows, or is missing. */
    void (*header_end)(void *context);
    /* The line that ends the primary header, boundaries, and everything else. */
    void (*body)(void *context, enum mime_piece piece, const char *text, size_t len);
    void (*body_end)(void *context);
    /* The first time that each error is seen; text is the line or header at fault. */
    void (*error)(void *context, enum mime_error error, const char *text, size_t len);
};

/* limits and events are used until mime_free(). */
struct mime *mime_new(int options, const struct mime_limits *limits, const struct mime_events *events, void *context);
void mime_free(struct mime *m);
void mime_reset(struct mime *m); /* for the next message */

/* One line, or a piece of a long one. */
void mime_line(struct mime *m, enum mime_piece piece, const char *text, size_t len);

/* The same from a stream of LF-terminated text, cut anywhere. */
void mime_push(struct mime *m, const char *bytes, size_t n);

/* The message is complete; a last line without LF counts as one. Returns all errors seen. */
int mime_end(struct mime *m);

/* In the body event: how many bytes of this entity's body, line ends included, came before. A boundary
 * belongs to what it ends, but for the last one, with which a body begins. */
size_t mime_body_offset(const struct mime *m);

const char *mime_error_text(enum mime_error error); /* as logged: "MIME nesting exceeds safety limit" */
const char *mime_error_dsn(enum mime_error error);

/* What the value of a Content-Transfer-Encoding header names. */
enum mime_encoding mime_encoding_of(const char *value, enum mime_encoding if_unknown);

#endif
