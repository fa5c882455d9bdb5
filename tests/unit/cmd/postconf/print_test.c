#include "cmd/postconf/print.h"

#include "cmd/postconf/entry.h"
#include "tests/unit/test.h"

#define TEN "1234567890"
#define FIFTY TEN TEN TEN TEN TEN

static const struct {
    const char *name, *value;
    enum postconf_show show;
    bool fold;
    const char *want;
} params[] = {
    {"a", "b", POSTCONF_BOTH, false, "a = b\n"},
    {"a", "", POSTCONF_BOTH, false, "a =\n"},
    {"a", "  b  \t c ", POSTCONF_BOTH, false, "a = b c\n"},
    {"a", "b c", POSTCONF_VALUE_ONLY, false, "b c\n"},
    {"a", "", POSTCONF_VALUE_ONLY, false, "\n"},
    {"a", "b c", POSTCONF_NAME_ONLY, false, "a\n"},
    {"a", FIFTY " " FIFTY, POSTCONF_BOTH, false, "a = " FIFTY " " FIFTY "\n"},
    {"a", FIFTY " " FIFTY, POSTCONF_BOTH, true, "a = " FIFTY "\n    " FIFTY "\n"},
    {"a", FIFTY " " TEN TEN "12345", POSTCONF_BOTH, true, "a = " FIFTY " " TEN TEN "12345\n"},     /* 80 */
    {"a", FIFTY " " TEN TEN "123456", POSTCONF_BOTH, true, "a = " FIFTY "\n    " TEN TEN "123456\n"}, /* 81 */
    {"a", FIFTY FIFTY " b", POSTCONF_BOTH, true, "a =\n    " FIFTY FIFTY "\n    b\n"},
    {"a", FIFTY FIFTY " b", POSTCONF_VALUE_ONLY, true, FIFTY FIFTY "\n    b\n"},
};

static void prints_parameters(void **state)
{
    struct str out = {0};

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(params); i++) {
        str_clear(&out);
        const struct postconf_style style = {params[i].show, params[i].fold, false};
        postconf_print_param(&out, params[i].name, params[i].value, &style);
        assert_string_equal(str_text(&out), params[i].want);
    }
    str_done(&out);
}

#define COLUMNS "smtp       inet  n       -       n       -       -       "
static const struct {
    const char *line, *plain, *folded;
} services[] = {
    {"smtp inet n - n - - smtpd", COLUMNS "smtpd\n", COLUMNS "smtpd\n"},
    {"smtp inet n - n - - smtpd -v -o a=b -D x", COLUMNS "smtpd -v -o a=b -D x\n",
        COLUMNS "smtpd -v\n    -o a=b\n    -D x\n"},
    {"smtp inet n - n - - smtpd -o { a = b c } -od=e", COLUMNS "smtpd -o {a=b c} -o d=e\n",
        COLUMNS "smtpd\n    -o {a=b c}\n    -o d=e\n"},
    {"smtp inet n - n - - smtpd x -o a=b", COLUMNS "smtpd x -o a=b\n", COLUMNS "smtpd x -o a=b\n"},
    {"smtp inet n - n - - smtpd " TEN "123456 x", COLUMNS "smtpd " TEN "123456 x\n",
        COLUMNS "smtpd " TEN "123456\n    x\n"},
    {"s pass - - n - - x { a b } { } { -c  d }",
        "s          pass  -       -       n       -       -       x {a b} {} {-c  d}\n",
        "s          pass  -       -       n       -       -       x {a b} {} {-c  d}\n"},
    {"postlog-of-a-long-name unix-dgram n - n - 1 postlogd",
        "postlog-of-a-long-name unix-dgram n - n  -       1       postlogd\n",
        "postlog-of-a-long-name unix-dgram n - n  -       1       postlogd\n"},
};

static void prints_services(void **state)
{
    struct arena arena = {0};
    struct str out = {0};

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(services); i++) {
        struct master_service s;
        assert_true(postconf_entry_parse(&arena, services[i].line, &s));
        str_clear(&out);
        postconf_print_service(&out, &s, false);
        assert_string_equal(str_text(&out), services[i].plain);
        str_clear(&out);
        postconf_print_service(&out, &s, true);
        assert_string_equal(str_text(&out), services[i].folded);
        postconf_entry_done(&s);
    }
    str_done(&out);
    arena_done(&arena);
}

static void prints_json(void **state)
{
    const struct postconf_style style = {.is_json = true};
    struct arena arena = {0};
    struct master_service s;
    struct str out = {0};

    (void) state;
    assert_true(postconf_entry_parse(&arena, "a unix - - n - - b -o { c = \"d e }", &s));
    postconf_print_param(&out, "x", "y \\ z", &style);
    postconf_print_service_json(&out, &s);
    postconf_print_command(&out, "a/unix/command", &s, &style);
    assert_string_equal(str_text(&out), "{\"x\": \"y \\\\ z\"}\n"
                                        "{\"a/unix\": \"a unix - - n - - b -o {c=\\\"d e}\"}\n"
                                        "{\"a/unix/command\": \"b -o {c=\\\"d e}\"}\n");
    postconf_entry_done(&s);
    arena_done(&arena);
    str_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_parameters),
        cmocka_unit_test(prints_services),
        cmocka_unit_test(prints_json),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
