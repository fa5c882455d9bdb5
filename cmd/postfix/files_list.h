/* files_list.h: postfix-files, the list of what belongs to an installed mail system.
 *
 * A line is name:type:owner:group:mode:flags, as in Postfix; $name stands for a parameter of main.cf. The files in
 * postfix-files.d are further lines. type is d, f, h or l (directory, file, hard link, symbolic link). flags:
 *
 *     p  never replaced when it is there      u  owner and mode are set when a new release is installed
 *     c  a directory that is made if missing  r  what is in it belongs to its owner, too
 *     o  of an old release, no more needed    1  only the instance with the built-in configuration has it
 */
#ifndef POSTFIX_FILES_LIST_H
#define POSTFIX_FILES_LIST_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/str.h"

struct files_list_row {
    const char *path;
    char type;
    const char *owner, *group; /* of a link, owner is what it points to; group "-": as it is */
    mode_t mode;
    const char *flags;
};

bool postfix_files_list_exists(void); /* in meta_directory */
bool postfix_files_list_has_flag(const struct files_list_row *row, char flag);

/* For every row, in order; what visit() says is joined with "and". Rows below a directory that is "no" are left
 * out. False, too, and logged: a list that cannot be read or makes no sense. */
bool postfix_files_list_each(bool (*visit)(const struct files_list_row *row, void *context), void *context);

/* One line, taken apart in place. False and why: it makes no sense. */
bool postfix_files_list_parse(char *line, struct files_list_row *row, struct str *why);

#endif
