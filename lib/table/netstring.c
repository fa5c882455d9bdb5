#include "table/netstring.h"

#include <ctype.h>

static const char malformed[] = "input format error";

/* The next byte. False: the stream has ended. */
static bool next(struct stream *s, char *byte)
{
    const char *bytes;

    if (stream_peek(s, &bytes) == 0)
        return false;
    *byte = *bytes;
    stream_consume(s, 1);
    return true;
}

/* "123:" False: why; NULL: the stream has ended. */
static bool read_length(struct stream *s, size_t limit, size_t *length, const char **why)
{
    char c = 0;

    for (*length = 0; next(s, &c) && isdigit((unsigned char) c);) {
        *length = *length * 10 + (size_t) (c - '0');
        if (*length > limit) {
            *why = "input exceeds size limit";
            return false;
        }
    }
    if (c != ':')
        *why = stream_error(s) == STREAM_OK ? malformed : NULL;
    return c == ':';
}

bool netstring_read(struct stream *s, size_t limit, struct str *out, const char **why)
{
    size_t length;
    char comma;

    *why = NULL;
    str_clear(out);
    if (read_length(s, limit, &length, why) && stream_take(s, length, out) && next(s, &comma)) {
        *why = malformed;
        return comma == ',';
    }
    if (*why == NULL)
        *why = stream_error(s) == STREAM_TIMEOUT ? "timeout" : "unexpected disconnect";
    return false;
}
