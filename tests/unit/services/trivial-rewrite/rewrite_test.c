#include "services/trivial-rewrite/rewrite.h"

#include "config/config.h"
#include "tests/unit/test.h"

static const struct {
    const char *in, *local, *remote; /* remote: with remote_header_rewrite_domain = domain.invalid */
} cases[] = {
    {"", "", ""},
    {"user", "user@origin.example", "user@domain.invalid"},
    {"user@host", "user@host.my.example", "user@host.domain.invalid"},
    {"user@host.", "user@host", "user@host"},
    {"user@a.example", "user@a.example", "user@a.example"},
    {"user@a.example.", "user@a.example", "user@a.example"},
    {"user@", "user@", "user@"},
    {"user@[192.0.2.1]", "user@[192.0.2.1]", "user@[192.0.2.1]"},
    {"@a.example,@b.example:user@c.example", "user@c.example", "user@c.example"},
    {"a.example!user", "user@a.example", "user@a.example"},
    {"a!b.example!user", "b.example!user@a.my.example", "b.example!user@a.domain.invalid"},
    {"user%a.example", "user@a.example", "user@a.example"},
    {"user%b%a.example", "user%b@a.example", "user%b@a.example"},
    {"user%b@a.example", "user%b@a.example", "user%b@a.example"},
    {"\"user@x\"", "\"user@x\"@origin.example", "\"user@x\"@domain.invalid"},
    {"\"a!b\"@a.example", "a!b@a.example", "a!b@a.example"},
    {"\"a b\"", "\"a b\"@origin.example", "\"a b\"@domain.invalid"},
    {"a b@a.example", "\"a b\"@a.example", "\"a b\"@a.example"},
    {"\"user\"@a.example", "user@a.example", "user@a.example"},
    {"\"a\" . b@a.example", "a.b@a.example", "a.b@a.example"},
    {"\"a\" \"b\"@a.example", "\"a b\"@a.example", "\"a b\"@a.example"},
    {"user @ a.example", "user@a.example", "user@a.example"},
    {"a@b@a.example", "\"a@b\"@a.example", "\"a@b\"@a.example"},
    {"a\\@b@a.example", "\"a@b\"@a.example", "\"a@b\"@a.example"},
    {"a\"b@a.example", "\"a b@a.example\"@origin.example", "\"a b@a.example\"@domain.invalid"},
    {"@a.example", "\"\"@a.example", "\"\"@a.example"},
    {"@a.example:user", "user@origin.example", "user@domain.invalid"},
    {"@a:b:c@a.example", "\"b:c\"@a.example", "\"b:c\"@a.example"},
    {"user@a..", "user@a..", "user@a.."},
    {"user@[192.0.2.1", "user@[192.0.2.1]", "user@[192.0.2.1]"},
    {"a!", "\"\"@a.my.example", "\"\"@a.domain.invalid"},
    {"a!\"b c\"", "\"b c\"@a.my.example", "\"b c\"@a.domain.invalid"},
    {"\\", "\"\"@origin.example", "\"\"@domain.invalid"},
    {"..@a.example", "\"..\"@a.example", "\"..\"@a.example"},
};

static void addresses_get_their_standard_form(void **state)
{
    const struct rewrite_context local = {.origin = "origin.example", .dot_domain = "my.example"};
    const struct rewrite_context remote = {.origin = "domain.invalid", .dot_domain = "domain.invalid"};
    struct str out = {0};

    (void) state;
    conf.swap_bangpath = conf.allow_percent_hack = conf.append_at_myorigin = conf.append_dot_mydomain = true;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        rewrite_apply(&local, cases[i].in, &out);
        assert_string_equal(str_text(&out), cases[i].local);
        rewrite_apply(&remote, cases[i].in, &out);
        assert_string_equal(str_text(&out), cases[i].remote);
    }
    str_done(&out);
}

static void what_is_switched_off_stays_as_it_is(void **state)
{
    const struct rewrite_context nothing = {.origin = "origin.example", .dot_domain = "my.example"};
    static const char *const same[] = {"user", "user@host", "a!b", "a%b"};
    struct str out = {0};

    (void) state;
    conf.swap_bangpath = conf.allow_percent_hack = conf.append_at_myorigin = conf.append_dot_mydomain = false;
    for (size_t i = 0; i < ARRAY_SIZE(same); i++) {
        rewrite_apply(&nothing, same[i], &out);
        assert_string_equal(str_text(&out), same[i]);
    }
    str_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_get_their_standard_form), cmocka_unit_test(what_is_switched_off_stays_as_it_is),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
