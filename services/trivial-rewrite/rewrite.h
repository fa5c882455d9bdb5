/* rewrite.h: an address in its standard form.
 */
#ifndef TRIVIAL_REWRITE_REWRITE_H
#define TRIVIAL_REWRITE_REWRITE_H

#include <stdbool.h>

#include "base/str.h"

/* What completes an address that is not. */
struct rewrite_context {
    const char *origin;      /* appended to a user without domain; "": nothing is */
    const char *dot_domain;  /* appended to a domain without a dot; "": nothing is */
};

/* Rewrite an address in external form: source route, bang path, percent hack, missing domain,
 * missing parent domain, trailing dot. The result replaces what is in out. */
void rewrite_apply(const struct rewrite_context *c, const char *address, struct str *out);

/* Split at the last '@' outside of quotes; NULL: there is none. */
const char *rewrite_last_at(const char *address);

#endif
