/* attr.h: attribute lists, the form in which the daemons talk.
 *
 * A list is name NUL value NUL ... and ends with an empty name, as Postfix's own services have it
 * on the wire (outside programs read public/showq). Several lists may follow each other.
 * Names and values hold no NUL.
 */
#ifndef IPC_ATTR_H
#define IPC_ATTR_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

/* Writing. */
void attr_put(struct str *out, const char *name, const char *value);
void attr_put_long(struct str *out, const char *name, long value);
void attr_end(struct str *out); /* ends the list */

/* Reading: one list, as pointers into the bytes that were given. */
enum { ATTR_MAX = 64 };
struct attrs {
    size_t count;
    size_t hint; /* attr.c only: where the next name is likely to be */
    struct {
        const char *name, *value;
    } item[ATTR_MAX];
};

/* Take the next list at *cursor, which is moved behind it. False: malformed, cut off, or more than
 * ATTR_MAX attributes; nothing left at all is malformed too. */
bool attrs_parse(const char **cursor, const char *end, struct attrs *list);

/* The value of a name: NULL, or the given default, if it is not there; 0 where no number is. Cheapest when asked in the
 * order in which they were written. */
const char *attrs_get(struct attrs *list, const char *name);
const char *attrs_text(struct attrs *list, const char *name, const char *default_);
long attrs_long(struct attrs *list, const char *name, long default_);

#endif
