#include "mail/quote.h"

#include "tests/unit/test.h"

static const struct {
    const char *internal, *smtp, *header;
} cases[] = {
    {"", "", ""},
    {"a@b", "a@b", "a@b"},
    {"a.b", "a.b", "a.b"},
    {"a b@c", "\"a b\"@c", "\"a b\"@c"},
    {"@b", "\"\"@b", "\"\"@b"},
    {"a@", "a@", "a@"},
    {".a@b", "\".a\"@b", "\".a\"@b"},
    {"a.@b", "\"a.\"@b", "\"a.\"@b"},
    {"a..b@c", "\"a..b\"@c", "\"a..b\"@c"},
    {"a@b@c", "\"a@b\"@c", "\"a@b\"@c"},
    {"a\"b\\c@d", "\"a\\\"b\\\\c\"@d", "\"a\\\"b\\\\c\"@d"},
    {"a\rb@c", "\"a\\\rb\"@c", "\"a\\\rb\"@c"},
    {"a\nb@c", "\"a\\\nb\"@c", "\"a\nb\"@c"},
    {"a\x7f@b", "\"a\x7f\"@b", "\"a\x7f\"@b"},
    {"\xc3\xa9@b", "\xc3\xa9@b", "\xc3\xa9@b"},
    {"a@[1.2.3.4]", "a@[1.2.3.4]", "a@[1.2.3.4]"},
    {"a/b=c%d!e@f", "a/b=c%d!e@f", "a/b=c%d!e@f"},
    {"@a,@b:c@d", "\"@a,@b:c\"@d", "@a,@b:c@d"},
    {"@a:c d@e", "\"@a:c d\"@e", "@a:\"c d\"@e"},
};

static void test_quote(void **state)
{
    struct str buf = {0};

    (void) state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_string_equal(quote_821(cases[i].internal, &buf), cases[i].smtp);
        assert_string_equal(quote_822(cases[i].internal, &buf), cases[i].header);
    }
    str_done(&buf);
}

static void test_clean_address_is_not_copied(void **state)
{
    struct str buf = {0};
    const char *address = "user+ext@example.com";

    (void) state;
    assert_ptr_equal(quote_821(address, &buf), address);
    assert_ptr_equal(quote_822(address, &buf), address);
    str_done(&buf);
}

static void test_local_part(void **state)
{
    struct str buf = {0};

    (void) state;
    assert_string_equal(quote_local("a@b", &buf), "\"a@b\"");
    assert_string_equal(quote_local("a.b", &buf), "a.b");
    str_done(&buf);
}

static const struct {
    const char *external, *internal;
} removals[] = {
    {"\"a b\"@c", "a b@c"}, {"\"a\\\"b\"@c", "a\"b@c"}, {"a\\b@c", "ab@c"}, {"\"a@b\"@c", "a@b@c"}, {"\"a@b\"", "a@b"},
    {"a@\"b\"", "a@\"b\""}, /* a domain is left alone */
    {"a@b\\c", "a@b\\c"}, {"a@\"b\"@c", "a@b@c"}, {"\"a", "a"}, {"\"a\\", "a"},
    {"@\"b\":\"d\"@c", "@\"b\":d@c"}, /* so is a route */
};

static void test_remove(void **state)
{
    struct str out = {0};

    (void) state;
    for (size_t i = 0; i < sizeof(removals) / sizeof(removals[0]); i++) {
        str_clear(&out);
        quote_remove(&out, removals[i].external);
        assert_string_equal(str_text(&out), removals[i].internal);
    }
    str_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_quote),
        cmocka_unit_test(test_clean_address_is_not_copied),
        cmocka_unit_test(test_local_part),
        cmocka_unit_test(test_remove),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
