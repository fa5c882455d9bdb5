#include "table/key.h"

#include "base/utf8.h"

#ifdef WITH_ICU
#include <unicode/ucasemap.h>

#include "base/log.h"

/* Full case folding may make a text longer, "ß" becomes "ss": three times is the worst case. */
static bool fold_utf8(const char *key, size_t len, struct str *out)
{
    static UCaseMap *casemap; /* opening one is dear, and it never changes */
    UErrorCode error = U_ZERO_ERROR;
    size_t room = 3 * len + 1;

    if (casemap == NULL && ((casemap = ucasemap_open("", U_FOLD_CASE_DEFAULT, &error)) == NULL || U_FAILURE(error)))
        fatal("ucasemap_open: %s", u_errorName(error));
    str_reserve(out, room);
    int32_t n = ucasemap_utf8FoldCase(casemap, out->data + out->len, (int32_t) room, key, (int32_t) len, &error);
    if (U_FAILURE(error))
        return false;
    str_grow(out, (size_t) n);
    return true;
}
#else
static bool fold_utf8(const char *key, size_t len, struct str *out)
{
    (void) key;
    (void) len;
    (void) out;
    return false;
}
#endif

static char lower(char c)
{
    return (char) (c >= 'A' && c <= 'Z' ? c + ('a' - 'A') : c);
}

void key_fold(const char *key, size_t len, bool is_utf8, struct str *out)
{
    if (is_utf8 && !utf8_is_ascii(key, len) && utf8_is_valid(key, len) && fold_utf8(key, len, out))
        return;
    char *to = str_grow(out, len);
    for (size_t i = 0; i < len; i++)
        to[i] = lower(key[i]);
}

const char *key_folded(const char *key, size_t *len, bool is_utf8, char buffer[KEY_SHORT], struct str *spill)
{
    if (*len < KEY_SHORT && (!is_utf8 || utf8_is_ascii(key, *len))) {
        for (size_t i = 0; i < *len; i++)
            buffer[i] = lower(key[i]);
        buffer[*len] = 0;
        return buffer;
    }
    key_fold(key, *len, is_utf8, spill);
    *len = spill->len;
    return str_text(spill);
}
