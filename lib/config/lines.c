#include "config/lines.h"

#include <ctype.h>

void lines_init(struct lines *l, const char *bytes, size_t n)
{
    *l = (struct lines){.at = bytes, .end = bytes + n, .next_line = 1};
}

void lines_done(struct lines *l)
{
    str_done(&l->text);
}

static bool is_comment_or_blank(const char *at, const char *end)
{
    while (at < end && isspace((unsigned char) *at))
        at++;
    return at == end || *at == '#';
}

/* Does what comes next belong to the logical line begun? A comment may still be followed by text that does. */
static bool is_continued(const struct lines *l)
{
    return l->at < l->end && (*l->at == '#' || isspace((unsigned char) *l->at));
}

char *lines_next(struct lines *l)
{
    bool is_begun = false;

    str_clear(&l->text);
    while (l->at < l->end && (!is_begun || is_continued(l))) {
        const char *newline = memchr(l->at, '\n', (size_t) (l->end - l->at));
        const char *eol = newline == NULL ? l->end : newline;
        if (!is_comment_or_blank(l->at, eol)) {
            if (!is_begun)
                l->first_line = l->next_line;
            is_begun = true;
            str_add(&l->text, l->at, (size_t) (eol - l->at));
        }
        l->at = newline == NULL ? l->end : newline + 1;
        l->next_line++;
    }
    return is_begun ? l->text.data : NULL;
}
