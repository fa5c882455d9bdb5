#include "base/str.h"

#include <ctype.h>
#include <stdio.h>

#include "base/mem.h"

enum { FIRST_ROOM = 64 };

const char *str_text(const struct str *s)
{
    return s->data == NULL ? "" : s->data;
}

void str_reserve(struct str *s, size_t n)
{
    size_t need = s->len + n + 1;

    if (need <= s->room)
        return;
    size_t room = s->room < FIRST_ROOM ? FIRST_ROOM : s->room;
    while (room < need)
        room *= 2;
    s->data = mem_realloc(s->data, room);
    s->room = room;
}

char *str_grow(struct str *s, size_t n)
{
    str_reserve(s, n);
    char *start = s->data + s->len;
    s->len += n;
    s->data[s->len] = 0;
    return start;
}

void str_add(struct str *s, const char *bytes, size_t n)
{
    if (n > 0)
        memcpy(str_grow(s, n), bytes, n);
}

void str_adds(struct str *s, const char *text)
{
    str_add(s, text, strlen(text));
}

void str_addc(struct str *s, char c)
{
    *str_grow(s, 1) = c;
}

void str_vaddf(struct str *s, const char *format, va_list ap)
{
    va_list again;

    str_reserve(s, FIRST_ROOM);
    va_copy(again, ap);
    size_t n = (size_t) vsnprintf(s->data + s->len, s->room - s->len, format, ap);
    if (n >= s->room - s->len) {
        str_reserve(s, n);
        vsnprintf(s->data + s->len, n + 1, format, again);
    }
    va_end(again);
    s->len += n;
}

void str_addf(struct str *s, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    str_vaddf(s, format, ap);
    va_end(ap);
}

void str_set(struct str *s, const char *text)
{
    str_cut(s, 0);
    str_adds(s, text);
}

void str_setf(struct str *s, const char *format, ...)
{
    va_list ap;

    str_cut(s, 0);
    va_start(ap, format);
    str_vaddf(s, format, ap);
    va_end(ap);
}

void str_cut(struct str *s, size_t len)
{
    if (len >= s->len)
        return;
    s->len = len;
    s->data[len] = 0;
}

void str_drop(struct str *s, size_t n)
{
    if (n >= s->len) {
        str_cut(s, 0);
        return;
    }
    memmove(s->data, s->data + n, s->len - n + 1);
    s->len -= n;
}

void str_trim(struct str *s)
{
    size_t len = s->len;

    while (len > 0 && isspace((unsigned char) s->data[len - 1]))
        len--;
    str_cut(s, len);
}

void str_lower(struct str *s)
{
    for (size_t i = 0; i < s->len; i++)
        if (s->data[i] >= 'A' && s->data[i] <= 'Z')
            s->data[i] = (char) (s->data[i] + ('a' - 'A'));
}

char *str_take(struct str *s)
{
    char *text = s->data == NULL ? mem_strdup("") : s->data;

    *s = (struct str){0};
    return text;
}

void str_done(struct str *s)
{
    mem_free(s->data);
    *s = (struct str){0};
}
