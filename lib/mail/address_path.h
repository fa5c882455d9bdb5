/* address_path.h: the path in MAIL FROM: and RCPT TO: (RFC 5321 4.1.2), as lenient as Postfix.
 */
#ifndef MAIL_ADDRESS_PATH_H
#define MAIL_ADDRESS_PATH_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

enum address_path_option {
    ADDRESS_PATH_STRICT = 1 << 0, /* strict_rfc821_envelopes: <> is required; no comments, phrases, groups */
    ADDRESS_PATH_NULL = 1 << 1    /* <> is allowed, and gives an empty address */
};

/* Where the path that text begins with ends: at white space or at the end. Blanks before the path
 * are its caller's to skip; the result is text itself if there is no path. *is_closed: each '<' has
 * its '>'. */
const char *address_path_end(const char *text, bool *is_closed);

/* The address in the n bytes of a path, in internal form and without a source route, replaces
 * what is in address. False: bad syntax. Whether the domain makes sense is for the resolver. */
bool address_path_parse(const char *path, size_t n, int options, struct str *address);

#endif
