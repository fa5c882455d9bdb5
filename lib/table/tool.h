/* tool.h: what postmap and postalias have in common: options, making tables, asking them.
 *
 * Results go to standard output. A table that fails ends the program.
 */
#ifndef TABLE_TOOL_H
#define TABLE_TOOL_H

#include <stdbool.h>

#include "base/vec.h"
#include "table/build.h"
#include "table/table.h"

/* What was asked for on the command line. */
struct tool_options {
    const char *query, *delete;
    bool is_list, has_no_fold, has_no_utf8;
    struct build build; /* its flags: enum table_flag, for whatever is done */
};

/* An option that both programs have, as getopt(3) gives it. False: it is none of these. */
#define TOOL_OPTIONS "c:d:finNopq:rsuvw"
bool tool_option(struct tool_options *o, int c);

struct tool {
    struct vec names;      /* char *, "type:name"; tool_done() frees them */
    int flags;             /* enum table_flag */
    const char *separator; /* between a key and its value: "\t" */
    struct vec tables;     /* struct table *, those that have been needed; tool.c only */
};

/* The tables that the arguments name; one without a type has default_database_type. */
void tool_start(struct tool *t, int argc, char **argv);
void tool_done(struct tool *t);

/* Do what the options say. query_input: what to do with "-q -". False: nothing was found. */
bool tool_run(struct tool *t, const struct tool_options *o, build_fill *fill, bool (*query_input)(struct tool *));

/* The value of each key, one a line of standard input, with the key in front of it. False: none was found. */
bool tool_query_input(struct tool *t);
bool tool_query_line(struct tool *t, const char *key); /* of one key */

#endif
