#include "base/str.h"

#include <ctype.h>
#include <stdint.h>
#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"

enum { FIRST_ROOM = 64 };

void str_make_room(struct str *s, size_t n)
{
    size_t need = s->len + n + 1;
    size_t room = s->room < FIRST_ROOM ? FIRST_ROOM : s->room;

    while (room < need)
        room *= 2;
    s->data = mem_realloc(s->data, room);
    s->data[s->len] = 0; /* what had no memory yet is text now, too */
    s->room = room;
}

/* --- formatting --- */

/* One conversion of a format. */
struct conversion {
    size_t width, precision;
    bool is_long;
    char type;
};

/* Behind the '%'; NULL: it is none of the common ones. */
static const char *parse_conversion(const char *at, struct conversion *c, bool *takes_precision)
{
    *c = (struct conversion){.precision = SIZE_MAX};
    while (*at >= (c->width == 0 ? '1' : '0') && *at <= '9' && c->width < 1000)
        c->width = c->width * 10 + (size_t) (*at++ - '0');
    if ((*takes_precision = at[0] == '.' && at[1] == '*'))
        at += 2;
    if (*at == 'l' || *at == 'z') {
        c->is_long = true;
        at++;
    }
    c->type = *at;
    return *at != 0 && strchr("sdcu%", *at) != NULL && (!*takes_precision || *at == 's') ? at + 1 : NULL;
}

static void add_padded(struct str *s, const struct conversion *c, const char *bytes, size_t n)
{
    if (n < c->width)
        memset(str_grow(s, c->width - n), ' ', c->width - n);
    str_add(s, bytes, n);
}

static void add_number(struct str *s, const struct conversion *c, unsigned long value, bool is_negative)
{
    char digits[24], *first = digits + sizeof(digits);

    do
        *--first = (char) ('0' + value % 10);
    while ((value /= 10) > 0);
    if (is_negative)
        *--first = '-';
    add_padded(s, c, first, (size_t) (digits + sizeof(digits) - first));
}

static void add_conversion(struct str *s, struct conversion *c, va_list *ap)
{
    long value;
    const char *text;
    char one;

    switch (c->type) {
    case 's':
        text = va_arg(*ap, const char *);
        if (text == NULL)
            text = "(null)";
        add_padded(s, c, text, c->precision == SIZE_MAX ? strlen(text) : strnlen(text, c->precision));
        return;
    case 'c':
        one = (char) va_arg(*ap, int);
        add_padded(s, c, &one, 1);
        return;
    case 'd':
        value = c->is_long ? va_arg(*ap, long) : va_arg(*ap, int);
        add_number(s, c, value < 0 ? -(unsigned long) value : (unsigned long) value, value < 0);
        return;
    case 'u':
        add_number(s, c, c->is_long ? va_arg(*ap, unsigned long) : va_arg(*ap, unsigned), false);
        return;
    default:
        str_addc(s, '%');
    }
}

/* The conversions that log lines, replies and records are made of. False: there are others. */
static bool add_simple(struct str *s, const char *format, va_list *ap)
{
    struct conversion c;
    bool takes_precision;

    for (;;) {
        const char *percent = strchrnul(format, '%');
        str_add(s, format, (size_t) (percent - format));
        if (*percent == 0)
            return true;
        if ((format = parse_conversion(percent + 1, &c, &takes_precision)) == NULL)
            return false;
        if (takes_precision) {
            int precision = va_arg(*ap, int);
            c.precision = precision < 0 ? SIZE_MAX : (size_t) precision;
        }
        add_conversion(s, &c, ap);
    }
}

static void add_by_printf(struct str *s, const char *format, va_list ap)
{
    va_list again;

    str_reserve(s, FIRST_ROOM);
    va_copy(again, ap);
    int written = vsnprintf(s->data + s->len, s->room - s->len, format, ap);
    if (written < 0)
        panic("cannot format \"%s\"", format);
    size_t n = (size_t) written;
    if (n >= s->room - s->len) {
        str_reserve(s, n);
        vsnprintf(s->data + s->len, n + 1, format, again);
    }
    va_end(again);
    s->len += n;
}

/* vsnprintf(3) was a fifth of what smtpd did for a message; so it only gets what is unusual. */
void str_vaddf(struct str *s, const char *format, va_list ap)
{
    size_t start = s->len;
    va_list copy;

    va_copy(copy, ap);
    if (!add_simple(s, format, &copy)) {
        str_cut(s, start);
        add_by_printf(s, format, ap);
    }
    va_end(copy);
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
