#include "table/file_value.h"

#include <stdint.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/words.h"

static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";

static void encode(const struct str *in, struct str *out)
{
    const unsigned char *p = (const unsigned char *) str_text(in);

    for (size_t rest = in->len; rest > 0;) {
        size_t n = rest < 3 ? rest : 3;
        uint32_t bits = (uint32_t) p[0] << 16 | (n > 1 ? (uint32_t) p[1] << 8 : 0) | (n > 2 ? p[2] : 0u);
        char *quad = str_grow(out, 4);
        for (size_t i = 0; i < 4; i++)
            quad[i] = i <= n ? digits[bits >> (18 - 6 * i) & 63] : '=';
        p += n;
        rest -= n;
    }
}

bool file_value_load(const char *names, struct str *out, struct str *why)
{
    struct arena a = {0};
    struct str content = {0};
    char *cursor = arena_strdup(&a, names);
    bool ok = true;

    for (char *name; ok && (name = words_next(&cursor, WORDS_LIST)) != NULL;) {
        if (content.len > 0)
            str_addc(&content, '\n');
        ok = file_read(name, &content, why);
    }
    if (ok)
        encode(&content, out);
    str_done(&content);
    arena_done(&a);
    return ok;
}

static bool decode_quad(const char *quad, struct str *out)
{
    uint32_t bits = 0;
    size_t n = quad[3] != '=' ? 4 : quad[2] != '=' ? 3 : 2;

    for (size_t i = 0; i < n; i++) {
        const char *digit = strchr(digits, quad[i]);
        if (digit == NULL)
            return false;
        bits |= (uint32_t) (digit - digits) << (18 - 6 * i);
    }
    for (size_t i = 0; i + 1 < n; i++)
        str_addc(out, (char) (bits >> (16 - 8 * i)));
    return true;
}

bool file_value_decode(const char *base64, struct str *out)
{
    size_t len = strlen(base64);

    if (len % 4 != 0)
        return false;
    for (size_t i = 0; i < len; i += 4) {
        if (i + 4 < len && memchr(base64 + i, '=', 4) != NULL)
            return false;
        if (!decode_quad(base64 + i, out))
            return false;
    }
    return true;
}
