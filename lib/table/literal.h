/* literal.h: text that whatever a regular expression matches must contain.
 *
 * Looking for that text is quicker by far than matching, and where it is missing nothing can match.
 */
#ifndef TABLE_LITERAL_H
#define TABLE_LITERAL_H

#include <stdbool.h>

#include "base/str.h"

/* Such texts, as far as they can be told with certainty, replace what is in out: in lower case, each with
 * a NUL behind it. They are in what is matched in some mixture of ASCII case. POSIX extended and Perl's
 * expressions; has_class_escapes: a backslash in [] escapes, as Perl has it. */
void literal_find(const char *pattern, bool has_class_escapes, struct str *out);

#endif
