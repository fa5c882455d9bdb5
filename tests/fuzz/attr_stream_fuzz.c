/* Requests to a public service: lists, as many as the bytes hold, and what is in them. */
#include "ipc/attr_stream.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t n);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t n)
{
    struct stream s = {.fd = -1, .timeout = 0, .deadline = NEVER};
    struct str text = {0};
    struct attrs list;

    str_add(&s.in, (const char *) bytes, n);
    while (stream_buffered(&s) > 0 && attr_stream_read(&s, &text, 256)) {
        const char *cursor = str_text(&text);
        if (attrs_parse(&cursor, cursor + text.len, &list))
            attrs_long(&list, attrs_text(&list, "request", "x"), 0);
    }
    str_done(&text);
    str_done(&s.in);
    return 0;
}
