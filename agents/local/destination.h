/* destination.h: what stands in an alias, a .forward or an :include: file (aliases(5)): a list of addresses as in a
 * message header, some of a special kind.
 */
#ifndef LOCAL_DESTINATION_H
#define LOCAL_DESTINATION_H

#include <stdio.h>

#include "base/arena.h"
#include "base/str.h"

enum destination_kind {
    DESTINATION_ADDRESS,
    DESTINATION_FILE,    /* "/file/name" */
    DESTINATION_HOME,    /* "~/file/name" */
    DESTINATION_COMMAND, /* "|command" */
    DESTINATION_INCLUDE  /* ":include:/file/name" */
};

struct destination {
    enum destination_kind kind;
    const char *text;    /* an address in internal form, or what follows the prefix */
};

/* The destinations in a text; in the arena. */
struct destination *local_destination_parse(struct arena *a, const char *text, size_t *count);

/* The next line of a file, or limit bytes of it. False: at the end. Lines that begin with '#' are left out. */
bool local_destination_read(FILE *file, size_t limit, struct str *line);

#endif
