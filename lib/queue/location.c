#include "queue/location.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

bool location_is_journal(const struct location *l)
{
    return strncmp(l->path, "journal/", strlen("journal/")) == 0;
}

void location_put(struct str *out, const struct location *l)
{
    attr_put(out, "path", l->path);
    attr_put_long(out, "offset", (long) l->offset);
    attr_put_long(out, "length", (long) l->length);
}

bool location_get(struct attrs *list, struct location *l)
{
    long offset, length;

    l->path = attrs_get(list, "path");
    offset = attrs_long(list, "offset", -1);
    length = attrs_long(list, "length", -1);
    if (l->path == NULL || offset < 0 || length < 0)
        return false;
    l->offset = (uint64_t) offset;
    l->length = (uint64_t) length;
    return true;
}
