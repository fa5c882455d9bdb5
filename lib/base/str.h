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

void str_make_room(struct str *s, size_t n);                 /* str_reserve()'s seldom half */

/* Inline, since a message is put together from some hundred pieces. */

/* Room for n more bytes without moving. */
static inline void str_reserve(struct str *s, size_t n)
{
    if (s->len + n >= s->room)
        str_make_room(s, n);
}

/* Append n bytes for the caller to fill in; their address. */
static inline char *str_grow(struct str *s, size_t n)
{
    str_reserve(s, n);
    char *start = s->data + s->len;
    s->len += n;
    s->data[s->len] = 0;
    return start;
}

/* Append n bytes. */
static inline void str_add(struct str *s, const char *bytes, size_t n)
{
    if (n > 0)
        memcpy(str_grow(s, n), bytes, n);
}

/* Append one byte. */
static inline void str_addc(struct str *s, char c)
{
    *str_grow(s, 1) = c;
}

/* Append a C string. */
static inline void str_adds(struct str *s, const char *text)
{
    str_add(s, text, strlen(text));
}

/* Shorten to len bytes; longer than it is: no change. */
static inline void str_cut(struct str *s, size_t len)
{
    if (len >= s->len)
        return;
    s->len = len;
    s->data[len] = 0;
}

/* Never NULL; valid until the next change. */
static inline const char *str_text(const struct str *s)
{
    return s->data == NULL ? "" : s->data;
}

void str_addf(struct str *s, const char *format, ...) PRINTF(2, 3);
void str_vaddf(struct str *s, const char *format, va_list ap) PRINTF(2, 0);
void str_set(struct str *s, const char *text);               /* replace by a C string that is not part of s */
void str_setf(struct str *s, const char *format, ...) PRINTF(2, 3);
void str_drop(struct str *s, size_t n);                      /* remove the first n bytes, or all */
void str_trim(struct str *s);                                /* remove white space at the end */
void str_lower(struct str *s);                               /* ASCII letters to lower case */
char *str_take(struct str *s);                               /* you free the result; the string is empty again */
void str_done(struct str *s);                                /* release; may be used again */

#define str_clear(s) str_cut((s), 0)

#endif
