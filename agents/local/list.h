/* list.h: delivery to all that a list names.
 */
#ifndef LOCAL_LIST_H
#define LOCAL_LIST_H

#include <stdio.h>

#include "agents/local/target.h"

enum { LOCAL_LIST_FILE_MAX = 1024 * 1024 }; /* bytes of a user's own; what it names is kept in memory */

/* Deliver to each; if one must be tried again, all must. count, if not NULL, is raised by the number of destinations
 * that there were. */
enum outcome local_list_deliver(const struct target *t, const char *text, int *count);

/* The same for the lines of a file, up to the first that must be tried again; one that is longer than
 * line_length_limit is taken for several. */
enum outcome local_list_deliver_file(const struct target *t, FILE *file, int *count);

/* Deliver to an address, internal form, after it has been rewritten and resolved. */
enum outcome local_list_deliver_address(const struct target *t, const char *address);

#endif
