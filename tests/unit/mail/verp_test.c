#include "mail/verp.h"

#include "tests/unit/test.h"

static const struct {
    const char *delimiters, *sender, *recipient, *want;
} cases[] = {
    {"+=", "list@origin.example", "user@domain.example", "list+user=domain.example@origin.example"},
    {"-=", "list-x@origin.example", "a+b@c.example", "list-x-a+b=c.example@origin.example"},
    {"+=", "list@origin.example", "user", "list+user@origin.example"},
    {"+=", "list", "user@domain.example", "list+user=domain.example"},
    {"+=", "a@b@origin.example", "c@d@e.example", "a@b+c@d=e.example@origin.example"}, /* quoted local parts */
};

static void senders_name_the_recipient(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct str out = {0};
        verp_sender(&out, cases[i].delimiters, cases[i].sender, cases[i].recipient);
        assert_string_equal(str_text(&out), cases[i].want);
        str_done(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(senders_name_the_recipient)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
