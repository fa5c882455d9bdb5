/* key.h: keys in the case in which they are compared.
 */
#ifndef TABLE_KEY_H
#define TABLE_KEY_H

#include <stdbool.h>

#include "base/str.h"

enum { KEY_SHORT = 256 }; /* keys below this length cost no heap block */

/* The key in lower case, appended to out; is_utf8: with Unicode's full case folding, if it is UTF-8. */
void key_fold(const char *key, size_t len, bool is_utf8, struct str *out);

/* The same in the buffer or, a long key, in spill, which the caller releases. *len becomes its length. */
const char *key_folded(const char *key, size_t *len, bool is_utf8, char buffer[KEY_SHORT], struct str *spill);

#endif
