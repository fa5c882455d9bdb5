/* rewrite.h: an address in its standard form.
 */
#ifndef TRIVIAL_REWRITE_REWRITE_H
#define TRIVIAL_REWRITE_REWRITE_H

#include <stdbool.h>

#include "base/str.h"

/* What completes an address that is not, as far as append_at_myorigin and append_dot_mydomain let it. */
struct rewrite_context {
    const char *origin;      /* for a user without domain; "": nothing is appended */
    const char *dot_domain;  /* for a domain without a dot; "": nothing is appended */
};

/* An address in internal form in which it is known what was quoted: an '@', '%' or '!' among the
 * latter is a letter like any other. Zero-filled memory is an empty address. */
struct rewrite_address {
    struct str text;
    struct str is_syntax; /* one byte for each of text: 1, not quoted */
};
void rewrite_address_done(struct rewrite_address *a);

/* Take an address in internal form: the local part is syntax, all of it, unless is_quoting and it needs
 * quotes. What stands behind the '@' is scanned as in an external form. */
void rewrite_scan_internal(struct rewrite_address *a, const char *internal, bool is_quoting);

/* The last '@' that is syntax, or NULL. */
char *rewrite_last_at(const struct rewrite_address *a);

/* Would rewriting find a domain in a text without '@'? */
bool rewrite_has_route(const struct rewrite_address *a);

/* The dot of "user@host." is left out: the name is complete as it is. Of "user@host.." nothing can be
 * said, and it stays. False: no dot at the end. */
bool rewrite_drop_dot(struct rewrite_address *a);

/* Source route, bang path, percent hack, missing domain, missing parent domain, trailing dot. */
void rewrite_standard(const struct rewrite_context *c, struct rewrite_address *a);

/* All of it for an address in external form. The result replaces what is in out. */
void rewrite_apply(const struct rewrite_context *c, const char *address, struct str *out);

#endif
