#include "mail/address.h"

#include <string.h>

#include "tests/unit/test.h"

static void test_parts(void **state)
{
    (void) state;
    assert_string_equal(address_domain("a@b"), "b");
    assert_string_equal(address_domain("a@b@c"), "c");
    assert_null(address_domain("a"));
    assert_int_equal(address_local_len("a@b@c"), 3);
    assert_int_equal(address_local_len("abc"), 3);
}

static const struct {
    const char *local, *delimiters;
    size_t user_len;
} cases[] = {
    {"user", "+", 4},
    {"user+ext", "+", 4},
    {"user+", "+", 4},
    {"user+a+b", "+", 4},
    {"user-ext", "+", 8},
    {"user-ext+more", "+-", 4},
    {"+ext", "+", 4},
    {"", "+", 0},
    {"user+ext", "", 8},
    {"mailer-daemon", "-", 13},
    {"MAILER-DAEMON", "-", 13},
    {"Postmaster", "m", 10},
    {"double-bounce", "-", 13},
    {"owner-list", "-", 10},
    {"OWNER-list", "-+", 10},
    {"owner-list+x", "+", 10},
    {"list-request", "-", 12},
    {"list+request", "+-", 4},
    {"list-requests", "-", 4},
};

static void test_user_len(void **state)
{
    (void) state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        assert_int_equal(address_user_len(cases[i].local, strlen(cases[i].local), cases[i].delimiters, "double-bounce"),
            cases[i].user_len);
    assert_int_equal(address_user_len("double-bounce", 13, "-", NULL), 6);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parts),
        cmocka_unit_test(test_user_len),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
