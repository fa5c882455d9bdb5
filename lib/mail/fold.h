/* fold.h: long lines of reports, in several.
 */
#ifndef MAIL_FOLD_H
#define MAIL_FOLD_H

#include "base/str.h"

/* One line of text as lines of at most width bytes where blanks allow it, appended to out; those
 * behind the first are indented by four blanks. Each begins with the prefix, which does not count,
 * and ends in LF; blanks at the end are dropped. What has no blanks is broken far beyond, below 998
 * bytes (RFC 5322 2.1.1), but not within a UTF-8 character. */
void fold_text(struct str *out, const char *prefix, const char *text, size_t width);

#endif
