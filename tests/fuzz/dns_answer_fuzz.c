/* A name server's reply; the first byte chooses the type that was asked for. */
#include "dns/dns_answer.h"

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t n);

int LLVMFuzzerTestOneInput(const unsigned char *bytes, size_t n)
{
    struct arena a = {0};
    struct str text = {0};

    if (n == 0)
        return 0;
    struct dns_answer answer = {.type = bytes[0] % DNS_TYPE_COUNT, .asked = "x.test", .name = "x.test"}, copy;
    dns_answer_parse(&a, bytes + 1, n - 1, &answer);
    dns_answer_copy(&a, &copy, &answer);
    if (copy.result != DNS_FOUND)
        dns_error_text(&copy, &text);
    str_done(&text);
    arena_done(&a);
    return 0;
}
