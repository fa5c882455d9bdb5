#include "smtpd/hostname.h"

#include <string.h>

#include "base/compiler.h"
#include "tests/unit/test.h"

static const struct {
    const char *text;
    bool is_valid, is_qualified, is_literal, is_mail_domain;
} cases[] = {
    {"mx.example.com",        true,  true,  false, true},
    {"localhost",             true,  false, false, true},
    {"a_b.example.com",       true,  true,  false, true},
    {"mx.example.com.",       false, true,  false, true},
    {"xn--bcher-kva.example", true,  true,  false, true},
    {"",                      false, false, false, false},
    {".",                     false, false, false, false},
    {"a..b",                  false, false, false, false},
    {"-a.example",            false, false, false, false},
    {"a-.example",            false, false, false, false},
    {"a b.example",           false, false, false, false},
    {"192.0.2.1",             false, false, false, false},
    {"[192.0.2.1]",           false, false, true,  true},
    {"[IPv6:2001:db8::1]",    false, false, true,  true},
    {"[2001:db8::1]",         false, false, false, false},
    {"[IPv6:192.0.2.1]",      false, false, false, false},
    {"[1.2.3]",               false, false, false, false},
    {"[",                     false, false, false, false},
    {"[]",                    false, false, false, false},
};

static void test_names(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        if (smtpd_hostname_is_valid(cases[i].text) != cases[i].is_valid ||
            smtpd_hostname_is_qualified(cases[i].text) != cases[i].is_qualified ||
            smtpd_hostname_is_literal(cases[i].text) != cases[i].is_literal ||
            smtpd_hostname_is_mail_domain(cases[i].text) != cases[i].is_mail_domain)
            fail_msg("%s is judged wrongly", cases[i].text);
}

static void test_length(void **state)
{
    char label[70], name[400];

    (void) state;
    memset(label, 'a', 63);
    label[63] = 0;
    assert_true(smtpd_hostname_is_valid(label));
    label[63] = 'a';
    label[64] = 0;
    assert_false(smtpd_hostname_is_valid(label));
    for (int i = 0; i < 399; i++)
        name[i] = i % 2 == 0 ? 'a' : '.';
    name[399] = 0;
    assert_false(smtpd_hostname_is_valid(name));
    assert_false(smtpd_hostname_is_qualified(name));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names), cmocka_unit_test(test_length)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
