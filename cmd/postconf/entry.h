/* entry.h: an entry of master.cf as it is written, to be shown and changed.
 *
 * Of struct master_service only name, type, command, columns and argv are filled in; what the columns
 * mean is master's business. Everything but the array of argv lives in the arena.
 */
#ifndef POSTCONF_ENTRY_H
#define POSTCONF_ENTRY_H

#include <stdbool.h>

#include "base/arena.h"
#include "config/master_cf.h"

/* A logical line; *s is filled in. Arguments lose their outer braces, -oname=value becomes "-o", "name=value",
 * and -o { name = value } too; braces that do not fit are warned about. False: too few columns. A column with
 * a bad value ends the program. */
bool postconf_entry_parse(struct arena *a, const char *line, struct master_service *s);
void postconf_entry_done(struct master_service *s);

/* A column changes; MASTER_COMMAND has the arguments with it. A bad value ends the program. */
void postconf_entry_set_column(
    struct arena *a, struct master_service *s, enum master_column column, const char *value);

/* Every -o of that name gets the value; there is none: a new one behind the other options. */
void postconf_entry_set_override(struct arena *a, struct master_service *s, const char *name, const char *value);
void postconf_entry_remove_override(struct master_service *s, const char *name); /* all of that name */

/* "chroot"; MASTER_COLUMNS: there is none of that name. */
enum master_column postconf_entry_column(const char *name);
const char *postconf_entry_column_name(enum master_column column);

#endif
