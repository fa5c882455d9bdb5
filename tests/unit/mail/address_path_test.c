#include "mail/address_path.h"

#include <string.h>

#include "tests/unit/test.h"

enum { NO, LENIENT, BOTH }; /* accepted: never, unless strict, always */

static const struct {
    const char *text;
    int accepted;
    const char *address, *rest;
} cases[] = {
    {"<a@b>", BOTH, "a@b", ""},
    {"<a@b> SIZE=10", BOTH, "a@b", " SIZE=10"},
    {"<>", BOTH, "", ""},
    {"<\"\">", BOTH, "", ""},
    {"<\"a b\"@c> X", BOTH, "a b@c", " X"},
    {"<\"a>b\"@c>", BOTH, "a>b@c", ""},
    {"<a\\>b@c>", BOTH, "a>b@c", ""},
    {"<a\\ b@c>", BOTH, "a b@c", ""},
    {"<@x,@y:a@b>", BOTH, "a@b", ""},
    {"<@x:\"a b\"@c>", BOTH, "a b@c", ""},
    {"<a@[1.2.3.4]>", BOTH, "a@[1.2.3.4]", ""},
    {"<a@[IPv6:::1]>", BOTH, "a@[IPv6:::1]", ""},
    {"<a@b@c>", BOTH, "a@b@c", ""},
    {"<a:b>", BOTH, "a:b", ""},
    {"<<a@b>>", BOTH, "a@b", ""},
    {"<\xc3\xa9@b>", BOTH, "\xc3\xa9@b", ""},
    {"a@b", LENIENT, "a@b", ""},
    {"a@b SIZE=10", LENIENT, "a@b", " SIZE=10"},
    {"\"a b\"@c X", LENIENT, "a b@c", " X"},
    {"a@[IPv6:::1]", LENIENT, "a@[IPv6:::1]", ""},
    {"@x:a@b", LENIENT, "a@b", ""},
    {"a@b>", LENIENT, "a@b", ""},
    {"<a@b>;", LENIENT, "a@b", ""},
    {"<(c)a@b>", LENIENT, "a@b", ""},
    {"<foo <a@b>>", LENIENT, "a@b", ""},
    {"<a;>", LENIENT, "a", ""},
    {"<@b>", LENIENT, "@b", ""},
    {"<\"\"@b>", LENIENT, "@b", ""},
    {"<a b@c>", NO, NULL, ""},
    {"<a@b", NO, NULL, ""},
    {"<<a@b>", NO, NULL, ""},
    {"<<<a@b>>", NO, NULL, ""},
    {"<(a <) b@c>", NO, NULL, ""},
    {"<\"<\"@b>", BOTH, "<@b", ""},
    {"<a@b>x", NO, NULL, ""},
    {"<a@b>SIZE=10", NO, NULL, ""},
    {"<a@b><c@d>", NO, NULL, ""},
    {"a,b", NO, NULL, ""},
};

static void test_cases(void **state)
{
    struct str address = {0};

    (void) state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        bool is_closed;
        const char *text = cases[i].text, *end = address_path_end(text, &is_closed);
        size_t n = (size_t) (end - text);

        assert_string_equal(end, cases[i].rest);
        bool lenient = address_path_parse(text, n, ADDRESS_PATH_NULL, &address);
        if (lenient)
            assert_string_equal(str_text(&address), cases[i].address);
        bool strict = address_path_parse(text, n, ADDRESS_PATH_NULL | ADDRESS_PATH_STRICT, &address);
        assert_int_equal(lenient + strict, cases[i].accepted);
        assert_false(strict && !lenient);
    }
    str_done(&address);
}

static void test_null_needs_permission(void **state)
{
    struct str address = {0};
    bool is_closed;

    (void) state;
    assert_false(address_path_parse("<>", 2, 0, &address));
    assert_false(address_path_parse("", 0, 0, &address));
    assert_ptr_equal(address_path_end("", &is_closed), "");
    str_done(&address);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_null_needs_permission),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
