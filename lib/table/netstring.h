/* netstring.h: "5:hello,", strings that say how long they are.
 */
#ifndef TABLE_NETSTRING_H
#define TABLE_NETSTRING_H

#include <stdbool.h>

#include "base/stream.h"

/* The next netstring's text replaces what is in out. False: why; nothing more is to be read from s. */
bool netstring_read(struct stream *s, size_t limit, struct str *out, const char **why);

#endif
