#include "base/json.h"

#include "base/utf8.h"

void json_add_string(struct str *out, const char *text)
{
    bool is_utf8 = utf8_is_valid(text, strlen(text));

    str_addc(out, '"');
    for (const unsigned char *p = (const unsigned char *) text; *p != 0; p++) {
        if (*p == '"' || *p == '\\')
            str_addf(out, "\\%c", *p);
        else if (*p < ' ')
            str_addf(out, "\\u%04X", *p);
        else
            str_addc(out, *p >= 0x80 && !is_utf8 ? '?' : (char) *p);
    }
    str_addc(out, '"');
}
