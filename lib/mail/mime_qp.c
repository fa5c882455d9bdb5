#include "mail/mime_qp.h"

/* RFC 2045 6.7: 76 with the '=' of a soft line break; one more character may take three. */
enum { FULL_LINE = 72 };

static void add_encoded(struct str *out, unsigned char c)
{
    static const char hex[] = "0123456789ABCDEF";

    str_addc(out, '=');
    str_addc(out, hex[c >> 4]);
    str_addc(out, hex[c & 15]);
}

static bool is_plain(unsigned char c)
{
    return (c >= ' ' && c < 0x7f && c != '=') || c == '\t';
}

/* A blank at the end of a line would be lost on the way. */
static void encode_last_blank(struct str *out)
{
    char last = out->len == 0 ? 0 : out->data[out->len - 1];

    if (last != ' ' && last != '\t')
        return;
    str_cut(out, out->len - 1);
    add_encoded(out, (unsigned char) last);
}

void mime_qp_encode(struct str *out, const char *text, size_t n, bool is_end, mime_qp_emit *emit, void *context)
{
    for (size_t i = 0; i < n; i++) {
        unsigned char c = (unsigned char) text[i];

        if (out->len > FULL_LINE) {
            str_addc(out, '=');
            emit(context, str_text(out), out->len);
            str_clear(out);
        }
        if (is_plain(c))
            str_addc(out, (char) c);
        else
            add_encoded(out, c);
    }
    if (!is_end)
        return;
    encode_last_blank(out);
    emit(context, str_text(out), out->len);
    str_clear(out);
}
