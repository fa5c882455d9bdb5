/* str.h: a growing byte string.
 *
 * Always ends in a NUL that len does not count; may contain others. Zero-filled
 * memory is an empty string. Running out of memory ends the process, so nothing fails.
 */
#ifndef BASE_STR_H
#define BASE_STR_H

#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "base/compiler.h"

struct str {
    char *data;       /* read it with str_text() */
    size_t len, room; /* room: str.c only */
};

const char *str_text(const struct str *s);                   /* never NULL; valid until the next change */
void str_add(struct str *s, const char *bytes, size_t n);    /* append n bytes */
void str_adds(struct str *s, const char *text);              /* append a C string */
void str_addc(struct str *s, char c);                        /* append one byte */
void str_addf(struct str *s, const char *format, ...) PRINTF(2, 3);
void str_vaddf(struct str *s, const char *format, va_list ap) PRINTF(2, 0);
void str_set(struct str *s, const char *text);               /* replace by a C string that is not part of s */
void str_setf(struct str *s, const char *format, ...) PRINTF(2, 3);
char *str_grow(struct str *s, size_t n);                     /* append n bytes for the caller to fill in; their address */
void str_reserve(struct str *s, size_t n);                   /* room for n more bytes without moving */
void str_cut(struct str *s, size_t len);                     /* shorten to len bytes; longer than it is: no change */
void str_drop(struct str *s, size_t n);                      /* remove the first n bytes, or all */
void str_trim(struct str *s);                                /* remove white space at the end */
void str_lower(struct str *s);                               /* ASCII letters to lower case */
char *str_take(struct str *s);                               /* you free the result; the string is empty again */
void str_done(struct str *s);                                /* release; may be used again */

#define str_clear(s) str_cut((s), 0)

#endif
