#include "mail/fold.h"

#include "base/utf8.h"

enum { LONGEST = 900 };

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
            n = utf8_cut(text, LONGEST);
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
