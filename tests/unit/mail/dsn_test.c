#include "../test.h"

#include "mail/dsn.h"

static void status_at(void **state)
{
    static const struct {
        const char *text;
        size_t len;
    } cases[] = {
        {"5.1.1 unknown user", 5},
        {"4.123.456", 9},
        {"2.0.0", 5},
        {"5.1.1unknown", 0},
        {"5.1", 0},
        {"5.1.", 0},
        {"5..1 x", 0},
        {"3.1.1 x", 0},
        {"5.1234.1 x", 0},
        {"550 5.1.1 x", 0},
        {"", 0},
    };

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        if (dsn_status_at(cases[i].text) != cases[i].len)
            fail_msg("\"%s\": %zu", cases[i].text, dsn_status_at(cases[i].text));
}

static void split(void **state)
{
    static const struct {
        const char *text, *status, *rest;
    } cases[] = {
        {"5.1.1 unknown user", "5.1.1", "unknown user"},
        {"unknown user", "4.0.0", "unknown user"},
        {"  5.7.1  no", "5.7.1", "no"},
        {"5.7.1", "5.7.1", ""},
        {"", "4.0.0", ""},
    };
    char status[DSN_STATUS_SIZE];

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        assert_string_equal(dsn_split(cases[i].text, "4.0.0", status), cases[i].rest);
        assert_string_equal(status, cases[i].status);
    }
}

static void of_a_class(void **state)
{
    static const struct {
        const char *status, class, *want;
    } cases[] = {{"5.1.1", '5', "5.1.1"}, {"4.1.1", '5', "5.0.0"}, {"2.123.456", '4', "4.0.0"}, {"5.7.1", '2', "2.0.0"}};
    char status[DSN_STATUS_SIZE];

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        strcpy(status, cases[i].status);
        dsn_insist_on(cases[i].class, "bounce_append", status);
        assert_string_equal(status, cases[i].want);
    }
}

static void in_a_list(void **state)
{
    struct dsn d = {.status = "4.4.1", .reason = "connect: refused", .mta_type = "dns", .mta_name = "mx"}, e, f;
    struct arena a = {0};
    struct str out = {0};
    struct attrs list;

    (void) state;
    dsn_put(&out, &d);
    attr_end(&out);
    const char *cursor = out.data;
    assert_true(attrs_parse(&cursor, out.data + out.len, &list));
    dsn_get(&list, &e);
    dsn_copy(&a, &f, &e);
    str_done(&out);
    assert_string_equal(f.status, "4.4.1");
    assert_string_equal(f.action, "");
    assert_string_equal(f.reason, "connect: refused");
    assert_string_equal(f.mta_name, "mx");
    arena_done(&a);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(status_at),
        cmocka_unit_test(split),
        cmocka_unit_test(of_a_class),
        cmocka_unit_test(in_a_list),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
