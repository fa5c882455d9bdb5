/* source.h: "key whitespace value" lines, as postmap and texthash read them.
 */
#ifndef TABLE_SOURCE_H
#define TABLE_SOURCE_H

#include <stdbool.h>

#include "table/reader.h"

struct source {
    struct reader reader;
    int flags;            /* enum table_flag: TABLE_UTF8, TABLE_SRC_RHS_IS_FILE */
    const char *suffix;   /* behind the warning about a line that is ignored: "" or " -- ignoring this line" */
    struct str content;   /* of the files that a value names */
};

/* The next good line: key and value, valid until the next call; the others are warned of. False: end. */
bool source_next(struct source *s, char **key, char **value);
void source_done(struct source *s);

#endif
