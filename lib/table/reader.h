/* reader.h: the text of a table, line by logical line (config/lines.h).
 *
 * The text is in a file, or, where the table's name begins with '{', the rules in it:
 * "{{rule}, {rule}}", each of them a line.
 */
#ifndef TABLE_READER_H
#define TABLE_READER_H

#include <stdbool.h>

#include "base/str.h"
#include "config/lines.h"

struct reader {
    const char *name; /* as messages call it; lent */
    int line;         /* number of the line given last */
    struct str text;
    struct lines lines;
};

/* False: why is "open PATH: cause", "read PATH: cause", or "WHAT: what is wrong with the braces". */
bool reader_open(struct reader *r, const char *path, struct str *why);
bool reader_open_rules(struct reader *r, const char *name, const char *what, struct str *why);
void reader_open_text(struct reader *r, const char *name, const char *bytes, size_t n); /* copied */

/* The next line, to be changed at will, valid until the next call; NULL after the last. */
char *reader_next(struct reader *r);
bool reader_is_word(const char *line, const char *word); /* does it begin with this word, in any case: "if", "endif" */
void reader_close(struct reader *r);

#endif
