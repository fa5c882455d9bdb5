#include "table/source.h"

#include <ctype.h>

#include "base/log.h"
#include "base/utf8.h"
#include "base/words.h"
#include "table/file_value.h"
#include "table/table.h"

/* The end of the key: the first white space outside of quotes. Quotes and backslashes stay in the
 * key, as in the quoted form of an address. NULL: a quote is left open. */
static char *end_of_key(char *text)
{
    bool in_quotes = false;

    for (; *text != 0; text++) {
        if (*text == '\\') {
            if (*++text == 0)
                break;
        } else if (*text == '"') {
            in_quotes = !in_quotes;
        } else if (isspace((unsigned char) *text) && !in_quotes) {
            break;
        }
    }
    return in_quotes ? NULL : text;
}

static bool take_line(struct source *s, char *line, char **key, char **value)
{
    const char *name = s->reader.name;
    int at = s->reader.line;
    char *end = end_of_key(line);

    if ((s->flags & TABLE_UTF8) != 0 && !utf8_is_valid(line, strlen(line))) {
        log_warn("%s, line %d: non-UTF-8 input \"%s\" -- ignoring this line", name, at, line);
        return false;
    }
    if (end == NULL) {
        log_warn("%s, line %d: unbalanced '\"' in '%s' -- ignoring this line", name, at, line);
        return false;
    }
    *key = line;
    *value = end;
    if (*end != 0) {
        *end++ = 0;
        *value = end + strspn(end, " \t\r\n\v\f");
        words_trim_end(*value);
    }
    if (**key == 0 || **value == 0) {
        log_warn("%s, line %d: expected format: key whitespace value%s", name, at, s->suffix);
        return false;
    }
    if ((*key)[strlen(*key) - 1] == ':')
        log_warn("%s, line %d: record is in \"key: value\" format; is this an alias file?", name, at);
    return true;
}

static bool take_files(struct source *s, char **value)
{
    struct str why = {0};

    str_clear(&s->content);
    bool ok = file_value_load(*value, &s->content, &why);
    if (!ok)
        log_warn("%s, line %d: %s: skipping this entry", s->reader.name, s->reader.line, str_text(&why));
    str_done(&why);
    *value = s->content.data;
    return ok;
}

bool source_next(struct source *s, char **key, char **value)
{
    char *line;

    while ((line = reader_next(&s->reader)) != NULL)
        if (take_line(s, line, key, value) && ((s->flags & TABLE_SRC_RHS_IS_FILE) == 0 || take_files(s, value)))
            return true;
    return false;
}

void source_done(struct source *s)
{
    reader_close(&s->reader);
    str_done(&s->content);
}
