#include "smtpd/parse.h"

#include <string.h>

#include "config/config.h"
#include "queue/envelope.h"
#include "tests/unit/test.h"

static const struct {
    const char *line, *words; /* joined by '|', a bad one with '!' in front */
} lines[] = {
    {"QUIT", "QUIT"},
    {"  NOOP  a\tb ", "NOOP|a|b"},
    {"MAIL FROM:<a@b>", "MAIL|FROM:|<a@b>"},
    {"MAIL FROM: <a@b> SIZE=10", "MAIL|FROM:|<a@b>|SIZE=10"},
    {"mail from:a@b", "mail|from:|a@b"},
    {"RCPT TO:<\"a b\"@c> NOTIFY=NEVER", "RCPT|TO:|<\"a b\"@c>|NOTIFY=NEVER"},
    {"RCPT TO:<\"a>b\"@c>", "RCPT|TO:|<\"a>b\"@c>"},
    {"RCPT TO:<a@b", "RCPT|TO:|!<a@b"},
    {"RCPT TO:<<a@b> X", "RCPT|TO:|!<<a@b> X"},
    {"RCPT TO:<x <a@b>> X", "RCPT|TO:|<x <a@b>>|X"},
    {"RCPT TO:", "RCPT|TO:"},
    {"MAIL FROM", "MAIL|FROM"},
    {"VRFY \"a b\" c", "VRFY|\"a b\"|c"},
    {"VRFY \"a b", "VRFY|!\"a b"},
    {"XCLIENT ADDR=IPV6:::1 NAME=x", "XCLIENT|ADDR=IPV6:::1|NAME=x"},
    {"GET / HTTP/1.0", "GET|/|HTTP/1.0"},
};

static void test_words(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        struct arena a = {0};
        struct words w;
        struct str joined = {0};
        assert_true(smtpd_parse_words(&a, lines[i].line, &w));
        for (size_t k = 0; k < w.count; k++)
            str_addf(&joined, "%s%s%s", k > 0 ? "|" : "", w.item[k].is_bad ? "!" : "", w.item[k].text);
        assert_string_equal(str_text(&joined), lines[i].words);
        str_done(&joined);
        arena_done(&a);
    }
}

static void test_many_words(void **state)
{
    struct arena a = {0};
    struct words w;
    struct str many = {0};

    (void) state;
    for (int i = 0; i < 1000; i++)
        str_addf(&many, "x%d ", i);
    assert_true(smtpd_parse_words(&a, str_text(&many), &w));
    assert_int_equal(w.count, 1000);
    assert_string_equal(w.item[0].text, "x0");
    assert_string_equal(w.item[999].text, "x999");
    str_done(&many);
    arena_done(&a);
}

static void test_no_words(void **state)
{
    struct arena a = {0};
    struct words w;

    (void) state;
    assert_false(smtpd_parse_words(&a, "", &w));
    assert_false(smtpd_parse_words(&a, "  \t", &w));
    arena_done(&a);
}

static void test_xtext(void **state)
{
    static const struct {
        const char *in, *out; /* NULL: malformed */
    } cases[] = {{"abc", "abc"}, {"a+2Bb", "a+b"}, {"a+40b", "a@b"}, {"", ""}, {"a+", NULL}, {"a+2", NULL},
        {"a+zz", NULL}, {"a+00", NULL}};
    struct str out = {0};

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        str_clear(&out);
        assert_int_equal(smtpd_parse_xtext(cases[i].in, &out), cases[i].out != NULL);
        if (cases[i].out != NULL)
            assert_string_equal(str_text(&out), cases[i].out);
    }
    str_done(&out);
}

static void test_notify(void **state)
{
    static const struct {
        const char *text;
        int mask;
    } cases[] = {{"NEVER", DSN_NOTIFY_NEVER}, {"success", DSN_NOTIFY_SUCCESS},
        {"SUCCESS,FAILURE,DELAY", DSN_NOTIFY_SUCCESS | DSN_NOTIFY_FAILURE | DSN_NOTIFY_DELAY}, {"NEVER,DELAY", 0},
        {"SOMETIMES", 0}, {"", 0}};
    struct arena a = {0};

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        assert_int_equal(smtpd_parse_notify(&a, cases[i].text), cases[i].mask);
    arena_done(&a);
}

static void test_orcpt(void **state)
{
    static const struct {
        const char *text, *want;
    } cases[] = {{"rfc822;a@b", "rfc822;a@b"}, {"rfc822;a+40b", "rfc822;a@b"}, {"a@b", NULL}, {";a", NULL},
        {"rfc822;", "rfc822;"}, {"r f;a", NULL}, {"rfc822;a+0Ab", NULL}, {"rfc822;a+00", NULL},
        {"rfc822;\\x{FC}", "rfc822;\\x{FC}"}, {"utf-8;a+2Bb", "utf-8;a+2Bb"},
        {"utf-8;j\\x{FC}@b", "utf-8;j\xc3\xbc@b"}, {"utf-8;j\xc3\xbc@b", "utf-8;j\xc3\xbc@b"},
        {"UTF-8;\\x{20ac}\\x{1F600}", "UTF-8;\xe2\x82\xac\xf0\x9f\x98\x80"}, {"utf-8;\xff", NULL},
        {"utf-8;\\x{}", NULL}, {"utf-8;\\x{zz}", NULL}, {"utf-8;\\x{-1}", NULL}, {"utf-8;\\x{FC", NULL},
        {"utf-8;\\y", NULL}, {"utf-8;\\x{0}", NULL}, {"utf-8;\\x{0A}", NULL}, {"utf-8;\\x{D800}", NULL},
        {"utf-8;\\x{110000}", NULL}, {"utf-8;\\x{FFFFFFFFFFFFFFFFFFFF}", NULL}};
    struct str out = {0};

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        assert_int_equal(smtpd_parse_orcpt(cases[i].text, &out), cases[i].want != NULL);
        if (cases[i].want != NULL)
            assert_string_equal(str_text(&out), cases[i].want);
    }
    str_done(&out);
}

static void test_small_things(void **state)
{
    struct word size = {.text = "size=10"};
    long number;

    (void) state;
    assert_string_equal(smtpd_parse_option(&size, "SIZE="), "10");
    assert_null(smtpd_parse_option(&size, "BODY="));
    assert_true(smtpd_parse_number("10", &number));
    assert_int_equal(number, 10);
    assert_false(smtpd_parse_number("", &number));
    assert_false(smtpd_parse_number("-1", &number));
    assert_false(smtpd_parse_number("10x", &number));
    assert_false(smtpd_parse_number("99999999999999999999", &number));
    assert_int_equal(smtpd_parse_ret("full"), DSN_RET_FULL);
    assert_int_equal(smtpd_parse_ret("none"), 0);
    assert_true(smtpd_parse_is_header("Subject:"));
    assert_true(smtpd_parse_is_header("X-A:b"));
    assert_false(smtpd_parse_is_header("NOOP"));
    assert_false(smtpd_parse_is_header(":"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_words), cmocka_unit_test(test_many_words), cmocka_unit_test(test_no_words),
        cmocka_unit_test(test_xtext), cmocka_unit_test(test_notify), cmocka_unit_test(test_orcpt),
        cmocka_unit_test(test_small_things)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
