#include "smtp/xtext.h"

static bool is_plain(unsigned char c)
{
    return c > 32 && c < 127 && c != '+' && c != '=';
}

void smtp_xtext_add(struct str *out, const char *text, const char *special)
{
    for (; *text != 0; text++)
        if (is_plain((unsigned char) *text) && strchr(special, *text) == NULL)
            str_addc(out, *text);
        else
            str_addf(out, "+%02X", (unsigned char) *text);
}

/* The code point at *text, which is moved behind it. */
static unsigned next_point(const unsigned char **text)
{
    const unsigned char *p = *text;
    unsigned c = *p++;
    int more = c >= 0xf0 ? 3 : c >= 0xe0 ? 2 : c >= 0xc0 ? 1 : 0;

    c &= more == 0 ? 0xffu : 0x3fu >> more;
    for (; more > 0 && (*p & 0xc0) == 0x80; more--)
        c = c << 6 | (*p++ & 0x3f);
    *text = p;
    return c;
}

void smtp_xtext_add_utf8(struct str *out, const char *text)
{
    for (const unsigned char *p = (const unsigned char *) text, *start; *p != 0;) {
        start = p;
        unsigned c = next_point(&p);
        if (c < 127 && is_plain((unsigned char) c) && c != '\\')
            str_add(out, (const char *) start, (size_t) (p - start));
        else
            str_addf(out, "\\x{%02X}", c);
    }
}
