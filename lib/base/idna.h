/* idna.h: internationalised domain names (RFC 5891, UTS 46).
 *
 * Built without ICU, ASCII names pass and all others fail.
 */
#ifndef BASE_IDNA_H
#define BASE_IDNA_H

#include <stdbool.h>

#include "base/str.h"

/* enable_idna2003_compatibility: transitional processing, for conversions from now on. */
void idna_set_transitional(bool on);

/* The domain with A-labels (xn--), or with U-labels (UTF-8), replaces what is in out. False: it
 * is not a valid name; out is empty. */
bool idna_to_ascii(const char *domain, struct str *out);
bool idna_to_utf8(const char *domain, struct str *out);

#endif
