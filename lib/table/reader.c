#include "table/reader.h"

#include <ctype.h>
#include <strings.h>

#include "base/arena.h"
#include "base/file.h"
#include "base/log.h"
#include "base/words.h"

static void begin(struct reader *r)
{
    lines_init(&r->lines, str_text(&r->text), r->text.len);
}

bool reader_open(struct reader *r, const char *path, struct str *why)
{
    *r = (struct reader){.name = path};
    bool ok = file_read(path, &r->text, why);
    begin(r);
    return ok;
}

void reader_open_text(struct reader *r, const char *name, const char *bytes, size_t n)
{
    *r = (struct reader){.name = name};
    str_add(&r->text, bytes, n);
    begin(r);
}

/* "{rule}, {rule}" to lines of text. False: *bad is where, *cause what is wrong. */
static bool split_rules(struct arena *a, char *rules, struct str *text, const char **bad, const char **cause)
{
    for (char *word; (word = words_next_braced(&rules, WORDS_LIST)) != NULL;) {
        *bad = arena_strdup(a, word);
        if ((word = words_unbrace(word, cause)) == NULL)
            return false;
        str_adds(text, word);
        str_addc(text, '\n');
    }
    return true;
}

bool reader_open_rules(struct reader *r, const char *name, const char *what, struct str *why)
{
    struct arena a = {0};
    const char *bad = name, *cause = NULL;

    if (*name != '{')
        return reader_open(r, name, why);
    *r = (struct reader){.name = name};
    char *rules = words_unbrace(arena_strdup(&a, name), &cause);
    bool ok = rules != NULL && split_rules(&a, rules, &r->text, &bad, &cause);
    if (!ok)
        str_setf(why, "%s: %s in \"%s\"", what, cause, bad);
    begin(r);
    arena_done(&a);
    return ok;
}

char *reader_next(struct reader *r)
{
    enum { SHOWN = 30 };
    char *line;

    while ((line = lines_next(&r->lines)) != NULL && isspace((unsigned char) *line))
        log_warn("%s: logical line must not start with whitespace: \"%.*s%s\"", r->name, SHOWN, line,
            strlen(line) > SHOWN ? "..." : "");
    r->line = r->lines.first_line;
    return line;
}

bool reader_is_word(const char *line, const char *word)
{
    return strncasecmp(line, word, strlen(word)) == 0 && !isalnum((unsigned char) line[strlen(word)]);
}

void reader_close(struct reader *r)
{
    lines_done(&r->lines);
    str_done(&r->text);
}
