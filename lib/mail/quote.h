/* quote.h: the two ways to write an address.
 *
 * Inside the suite an address is in internal form, without quotes: `a b@example.com`. SMTP
 * (RFC 5321) and message headers (RFC 5322) take the external form, `"a b"@example.com`. The
 * domain, what follows the last '@', is never quoted. Bytes above 0x7f are never quoted
 * (RFC 6531, and what came in 8-bit before it).
 */
#ifndef MAIL_QUOTE_H
#define MAIL_QUOTE_H

#include "base/str.h"

/* The external form. An address that needs no quotes, and the empty one, is returned as it is;
 * else the result replaces what is in buf, and is valid until that changes. buf must not hold
 * the address. They differ in a source route, "@a,@b:c@d": quote_822() leaves it alone, in
 * quote_821() it is part of a (strange) local part. */
const char *quote_821(const char *address, struct str *buf);
const char *quote_822(const char *address, struct str *buf);

/* The same for a local part alone, in which '@' is quoted. */
const char *quote_local(const char *local, struct str *buf);

/* The internal form of an external one, appended to out. Not a parser: comments and white
 * space stay. */
void quote_remove(struct str *out, const char *external);

#endif
