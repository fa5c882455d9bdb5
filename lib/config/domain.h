/* domain.h: internationalised domain names in macros (UTS 46 by ICU, if built with it).
 */
#ifndef CONFIG_DOMAIN_H
#define CONFIG_DOMAIN_H

#include <stdbool.h>

#include "base/str.h"

/* The domain in its "xn--" form, or in UTF-8, appended. False: it has none; without ICU: it is not
 * ASCII already. */
bool domain_to_ascii(const char *domain, struct str *out);
bool domain_to_utf8(const char *domain, struct str *out);

#endif
