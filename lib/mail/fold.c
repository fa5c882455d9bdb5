#include "mail/fold.h"

enum { LONGEST = 900 };

/* Not within a UTF-8 character. */
static size_t break_at(const char *text, size_t n)
{
    while (n > 1 && ((unsigned char) text[n] & 0xc0) == 0x80)
        n--;
    return n;
}

void fold_text(struct str *out, const char *prefix, const char *text, size_t width)
{
    static const char indent[] = "    ";
    size_t room = width;

    str_adds(out, prefix);
    while (strlen(text) > room) {
        size_t n = room;
        while (n > 0 && text[n] != ' ')
            n--;
        if (n == 0)
            n = strcspn(text, " ");
        if (n > LONGEST)
            n = break_at(text, LONGEST);
        str_addf(out, "%.*s\n", (int) n, text);
        text += n + strspn(text + n, " ");
        if (*text == 0)
            return;
        str_addf(out, "%s%s", prefix, indent);
        room = width - strlen(indent);
    }
    size_t n = strlen(text);
    while (n > 0 && text[n - 1] == ' ') /* as the output of a command ends, whose newline was one */
        n--;
    str_addf(out, "%.*s\n", (int) n, text);
}
