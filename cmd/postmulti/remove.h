/* remove.h: taking away what a mail system has left in its directories, and nothing else.
 *
 * Most of them belong to the mail system's user, and we are root: nothing here follows a symbolic link or
 * looks at the same path twice.
 */
#ifndef POSTMULTI_REMOVE_H
#define POSTMULTI_REMOVE_H

#include <stdbool.h>

enum remove_what {
    REMOVE_NOTHING,
    REMOVE_SOCKETS, /* and fifos */
    REMOVE_FILES,   /* plain ones */
    REMOVE_DATA     /* what daemons keep in data_directory besides their tables */
};

/* Remove such entries of the directory, directories below it that are empty then, and it itself. If something is
 * left: a warning, which calls the directory shown/name ("" for shown: name). Not there: nothing. */
void postmulti_remove_directory(int at_fd, const char *name, const char *shown, enum remove_what what);

/* The directories of a queue; journal only if there is no mail in it. */
void postmulti_remove_queue(const char *queue_dir, bool has_empty_journal);

#endif
