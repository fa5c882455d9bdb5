#include "mail/from_header.h"

#include <ctype.h>
#include <strings.h>

#include "base/utf8.h"
#include "config/config.h"

enum { WORD_MAX = 75, WORD_FRAME = 7 }; /* RFC 2047 2: "=?", "?Q?", "?=" */

/* RFC 2047 5 (3): what stands for itself within a phrase. */
static bool is_plain(unsigned char c)
{
    return c < 0x80 && (isalnum(c) || strchr("!*+-/", c) != NULL) && c != 0;
}

static size_t encoded_len(const char *p)
{
    return is_plain((unsigned char) *p) || *p == ' ' ? 1 : 3;
}

/* A character, which an encoded word must not divide: with the bytes of UTF-8 that continue it. */
static size_t character_len(const char *p, size_t *encoded)
{
    size_t n = 1;

    *encoded = encoded_len(p);
    for (; ((unsigned char) p[n] & 0xc0) == 0x80 && ((unsigned char) *p & 0x80) != 0; n++)
        *encoded += encoded_len(p + n);
    return n;
}

static void encode(struct str *out, const char *p, size_t n)
{
    for (; n > 0; p++, n--) {
        if (is_plain((unsigned char) *p))
            str_addc(out, *p);
        else if (*p == ' ')
            str_addc(out, '_');
        else
            str_addf(out, "=%02X", (unsigned char) *p);
    }
}

static void add_encoded_words(struct str *out, const char *text)
{
    const char *charset = conf.full_name_encoding_charset;
    size_t room = 0, need;

    for (const char *p = text; *p != 0;) {
        size_t n = character_len(p, &need);
        if (room < need) {
            str_addf(out, "%s=?%s?Q?", p == text ? "" : "?=\n ", charset);
            room = WORD_MAX - WORD_FRAME - strlen(charset);
        }
        encode(out, p, n);
        room = room < need ? 0 : room - need;
        p += n;
    }
    str_adds(out, "?=");
}

static void add_escaped(struct str *out, const char *text, const char *special)
{
    for (; *text != 0; text++) {
        if (strchr(special, *text) != NULL)
            str_addc(out, '\\');
        str_addc(out, iscntrl((unsigned char) *text) ? ' ' : *text);
    }
}

/* RFC 5322 3.2.3: words of a phrase with any of these, or with control characters, need quotes. */
static bool needs_quotes(const char *name)
{
    if (strpbrk(name, "()<>[]:;@\\,.\"") != NULL)
        return true;
    for (; *name != 0; name++)
        if (iscntrl((unsigned char) *name))
            return true;
    return false;
}

/* One blank between words, as a reader of headers sees them anyway. */
static void add_words(struct str *out, const char *name)
{
    for (const char *p = name; *p != 0; p++)
        if (*p != ' ' || (p > name && p[-1] != ' ' && p[1] != 0))
            str_addc(out, *p);
}

static void add_phrase(struct str *out, const char *name)
{
    if (!utf8_is_ascii(name, strlen(name))) {
        add_encoded_words(out, name);
    } else if (needs_quotes(name)) {
        str_addc(out, '"');
        add_escaped(out, name, "\"\\");
        str_addc(out, '"');
    } else {
        add_words(out, name);
    }
}

static void add_comment(struct str *out, const char *name)
{
    str_addc(out, '(');
    if (utf8_is_ascii(name, strlen(name)))
        add_escaped(out, name, "()\\");
    else
        add_encoded_words(out, name);
    str_addc(out, ')');
}

void from_header_add(struct str *out, const char *full_name, const char *address)
{
    if (*full_name == 0) {
        str_adds(out, address);
    } else if (strcasecmp(conf.header_from_format, "obsolete") == 0) {
        str_addf(out, "%s ", address);
        add_comment(out, full_name);
    } else {
        add_phrase(out, full_name);
        str_addf(out, " <%s>", address);
    }
}
