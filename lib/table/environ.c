/* environ: the environment of this process. */
#include <stdlib.h>

#include "table/type.h"
#include "table/types.h"

static bool environ_open(struct table *t, struct str *why)
{
    (void) t;
    (void) why;
    return true;
}

static void environ_close(struct table *t)
{
    (void) t;
}

static enum table_result environ_find(struct table *t, const char *key, size_t len, struct str *value)
{
    const char *found = getenv(key);

    (void) t;
    (void) len;
    if (found == NULL)
        return TABLE_ABSENT;
    str_adds(value, found);
    return TABLE_FOUND;
}

const struct type_ops environ_ops = {.open = environ_open, .close = environ_close, .find = environ_find};
