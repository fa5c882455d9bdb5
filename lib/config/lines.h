/* lines.h: logical lines of main.cf, master.cf and tables in the same style.
 *
 * A line that begins with white space continues the one before it: the newline goes, the white
 * space stays. Lines whose first other character is '#', and empty ones, are skipped, also within
 * a logical line.
 */
#ifndef CONFIG_LINES_H
#define CONFIG_LINES_H

#include "base/str.h"

struct lines {
    const char *at, *end; /* what is still to be read; lent */
    int next_line;        /* number of the line at `at` */
    int first_line;       /* of the logical line that was returned last */
    struct str text;
};

void lines_init(struct lines *l, const char *bytes, size_t n);
char *lines_next(struct lines *l); /* may be modified; valid until the next call; NULL: no more */
void lines_done(struct lines *l);

#endif
