/* build.h: making a database from its source, as postmap and postalias do.
 *
 * The source is a file, or standard input where an existing database gets more entries. Reading
 * and filling in happen under an exclusive lock, with signals held back, as the source's owner.
 */
#ifndef TABLE_BUILD_H
#define TABLE_BUILD_H

#include <stdbool.h>
#include <stddef.h>

#include "table/table.h"

struct build {
    const char *type, *path;
    int flags;              /* enum table_flag; those about writing are added */
    bool is_incremental;    /* from standard input, into what is there */
    bool has_default_mode;  /* a new file gets mode 0644; else no more than its source allows group and others */
    bool keeps_privileges;  /* root stays root; else the owner of the source */
};

/* Put all entries of the text, whose name is for messages. TABLE_STORED, or what made it stop. */
typedef enum table_put build_fill(struct table *t, const char *name, const char *text, size_t len, int flags);

/* Ends the program when something fails. */
void build_table(const struct build *b, build_fill *fill);

#endif
