/* utf8.h: UTF-8 (RFC 3629) and what mail asks of it.
 */
#ifndef BASE_UTF8_H
#define BASE_UTF8_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

bool utf8_is_valid(const char *bytes, size_t n);  /* well-formed: no surrogates, no over-long forms */
size_t utf8_sequence(const char *bytes, size_t n);  /* length of the first character of n bytes; 0: it is none */
bool utf8_is_ascii(const char *bytes, size_t n);  /* all bytes below 0x80 */
size_t utf8_cut(const char *text, size_t n);      /* of n bytes and more: n, or a little less, not within a character */
bool utf8_add(struct str *out, unsigned long point); /* a character, appended; false: there is none of that number */

#endif
