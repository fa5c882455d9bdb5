#include "deliver/delivered_to.h"

#include "tests/unit/deliver/message.h"

static const struct {
    const char *what, *lines[6], *address;
    bool want;
} cases[] = {
    {"it is there", {"A: b", "Delivered-To: a@x.example"}, "a@x.example", true},
    {"in any case", {"DELIVERED-to:A@X.example  "}, "a@x.EXAMPLE", true},
    {"among others", {"Delivered-To: b@x", "Delivered-To: a@x"}, "a@x", true},
    {"as it is written", {"Delivered-To: \"a b\"@x"}, "a b@x", true},
    {"another", {"Delivered-To: aa@x"}, "a@x", false},
    {"in the body", {"A: b", "", "Delivered-To: a@x"}, "a@x", false},
    {"behind what is no header", {"A: b", "text", "Delivered-To: a@x"}, "a@x", false},
    {"folded into another", {"A: b", " Delivered-To: a@x"}, "a@x", false},
    {"behind a very long header", {"A: \\", "b\\", "c", "Delivered-To: a@x"}, "a@x", true},
    {"not the end of a long line", {"A: \\", "Delivered-To: a@x"}, "a@x", false},
    {"no content", {NULL}, "a@x", false},
};

static void test_headers(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct str bytes = {0};
        add_content(&bytes, cases[i].lines);
        const struct message_bytes m = {.bytes = bytes.data, .n = bytes.len};
        if (delivered_to_has(&m, 0, cases[i].address) != cases[i].want)
            fail_msg("%s", cases[i].what);
        str_done(&bytes);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_headers)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
