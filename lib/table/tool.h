/* tool.h: asking tables from the command line, as postmap and postalias do.
 *
 * Results go to standard output. A table that fails ends the program.
 */
#ifndef TABLE_TOOL_H
#define TABLE_TOOL_H

#include <stdbool.h>

#include "base/vec.h"
#include "table/table.h"

struct tool {
    struct vec names;      /* char *, "type:name"; tool_done() frees them */
    int flags;             /* enum table_flag */
    const char *separator; /* between a key and its value: "\t" */
    struct vec tables;     /* struct table *, those that have been needed; tool.c only */
};

/* The value of the key in the first table that has it. False: none has. */
bool tool_query(struct tool *t, const char *key);

/* The same for many keys, and with the key in front of the value: one a line of standard input,
 * or as the caller finds them. tool_query_line: was it found? */
bool tool_query_stdin(struct tool *t);
bool tool_query_line(struct tool *t, const char *key);

/* Delete the key in every table. False: none had it. */
bool tool_delete(struct tool *t, const char *key);
bool tool_delete_stdin(struct tool *t);

/* All entries of the first table. */
void tool_list(struct tool *t);

void tool_done(struct tool *t);

#endif
