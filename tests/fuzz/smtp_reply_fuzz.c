/* Replies of a server, as many as the bytes hold. */
#include "smtp/smtp_reply.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t n);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t n)
{
    struct smtp_reply r = {0};
    struct stream s = {.fd = -1, .timeout = 0, .deadline = NEVER};

    str_add(&s.in, (const char *) bytes, n);
    while (stream_buffered(&s) > 0 && smtp_reply_read(&s, &r))
        continue;
    smtp_reply_done(&r);
    str_done(&s.in);
    return 0;
}
