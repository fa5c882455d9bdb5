#include "ipc/attr_stream.h"

bool attr_stream_read(struct stream *s, struct str *list, size_t limit)
{
    bool is_name = true; /* or a value, which may be empty */
    size_t begin = 0, n;
    const char *bytes;

    str_clear(list);
    while ((n = stream_peek(s, &bytes)) > 0) {
        const char *nul = memchr(bytes, 0, n);
        size_t part = nul == NULL ? n : (size_t) (nul - bytes) + 1;
        if (list->len + part > limit)
            return false;
        str_add(list, bytes, part);
        stream_consume(s, part);
        if (nul == NULL)
            continue;
        if (is_name && list->len == begin + 1)
            return true;
        begin = list->len;
        is_name = !is_name;
    }
    return false;
}
