#include "base/json.h"

#include "tests/unit/test.h"

static const struct {
    const char *text, *want;
} cases[] = {
    {"", "\"\""},
    {"a b", "\"a b\""},
    {"a\"b\\c/", "\"a\\\"b\\\\c/\""},
    {"a\tb\n\x7f", "\"a\\u0009b\\u000A\x7f\""},
    {"gr\xc3\xbc\xc3\x9f", "\"gr\xc3\xbc\xc3\x9f\""},
    {"gr\xfc\xdf", "\"gr??\""},
};

static void quotes(void **state)
{
    struct str out = {0};

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        str_set(&out, "x");
        json_add_string(&out, cases[i].text);
        assert_string_equal(str_text(&out) + 1, cases[i].want);
    }
    str_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(quotes)};
    return cmocka_run_group_tests(tests, NULL, NULL);
}
