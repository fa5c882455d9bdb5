#include "../test.h"

#include "ipc/attr_stream.h"

enum { LIMIT = 40 };

/* What is in the stream, and how many bytes the first list has; 0: there is no whole one. */
static const struct {
    const char *what, *bytes;
    size_t n, list;
} cases[] = {
#define BYTES(text) text, sizeof(text) - 1
    {"an empty list", BYTES("\0"), 1},
    {"one attribute", BYTES("a\0" "1\0\0"), 5},
    {"another list behind", BYTES("a\0" "1\0\0b\0" "2\0\0"), 5},
    {"an empty value is no end", BYTES("a\0\0b\0" "2\0\0"), 8},
    {"cut off in a name", BYTES("a\0" "1\0b"), 0},
    {"cut off before the end", BYTES("a\0" "1\0"), 0},
    {"nothing", BYTES(""), 0},
    {"as long as may be", BYTES("name\0" "0123456789012345678901234567890123\0"), 0},
    {"longer than may be", BYTES("name\0" "01234567890123456789012345678901234567890123\0\0"), 0},
};

static void lists(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct stream s = {.fd = -1, .timeout = 0, .deadline = NEVER};
        struct str list = {0};
        str_add(&s.in, cases[i].bytes, cases[i].n);
        bool ok = attr_stream_read(&s, &list, LIMIT);
        if (ok != (cases[i].list > 0) || (ok && list.len != cases[i].list))
            fail_msg("%s: %zu bytes", cases[i].what, list.len);
        if (ok)
            assert_int_equal(stream_buffered(&s), cases[i].n - cases[i].list);
        str_done(&list);
        str_done(&s.in);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(lists)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
