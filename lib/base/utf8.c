#include "base/utf8.h"

#include <stdint.h>
#include <string.h>

bool utf8_is_ascii(const char *bytes, size_t n)
{
    uint64_t word;

    for (; n >= sizeof(word); n -= sizeof(word), bytes += sizeof(word)) {
        memcpy(&word, bytes, sizeof(word));
        if ((word & 0x8080808080808080u) != 0)
            return false;
    }
    for (; n > 0; n--, bytes++)
        if ((*bytes & 0x80) != 0)
            return false;
    return true;
}

size_t utf8_sequence(const char *bytes, size_t n)
{
    const unsigned char *p = (const unsigned char *) bytes;
    size_t len = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : p[0] < 0xf5 ? 4 : 0;

    if (len == 0 || len > n)
        return 0;
    for (size_t i = 1; i < len; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
        (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
        return 0;
    return len;
}

size_t utf8_cut(const char *text, size_t n)
{
    enum { LONGEST = 4 };

    for (size_t back = 0; back < LONGEST && back < n; back++)
        if ((text[n - back] & 0xc0) != 0x80)
            return n - back;
    return n; /* this is no UTF-8 */
}

bool utf8_add(struct str *out, unsigned long point)
{
    if (point > 0x10ffff || (point >= 0xd800 && point <= 0xdfff))
        return false;
    int more = point < 0x80 ? 0 : point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
    static const unsigned char first[] = {0, 0xc0, 0xe0, 0xf0};
    str_addc(out, (char) (first[more] | point >> (6 * more)));
    while (more-- > 0)
        str_addc(out, (char) (0x80 | (point >> (6 * more) & 0x3f)));
    return true;
}

bool utf8_is_valid(const char *bytes, size_t n)
{
    if (utf8_is_ascii(bytes, n))
        return true;
    while (n > 0) {
        size_t len = utf8_sequence(bytes, n);
        if (len == 0)
            return false;
        bytes += len;
        n -= len;
    }
    return true;
}
