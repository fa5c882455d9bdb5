/* source.h: "name: value" lines, as aliases(5) has them.
 */
#ifndef POSTALIAS_SOURCE_H
#define POSTALIAS_SOURCE_H

#include <stdbool.h>

#include "base/arena.h"
#include "table/reader.h"

struct postalias_source {
    struct reader reader;
    struct arena arena; /* of the present line */
    bool is_utf8;       /* lines must be UTF-8 */
};

/* The next good line: its key in external form, and its value as one line, a comma and a blank between
 * addresses; valid until the next call. Others are warned of. False: end. */
bool postalias_source_next(struct postalias_source *s, const char **key, const char **value);
void postalias_source_done(struct postalias_source *s);

#endif
