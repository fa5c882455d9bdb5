#include "cmd/postconf/print.h"

#include "config/master_cf.h"
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
        postconf_print_param(&out, params[i].name, params[i].value, params[i].show, params[i].fold);
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
    {"postlog-of-a-long-name unix-dgram n - n - 1 postlogd",
        "postlog-of-a-long-name unix-dgram n - n  -       1       postlogd\n",
        "postlog-of-a-long-name unix-dgram n - n  -       1       postlogd\n"},
};

static void prints_services(void **state)
{
    const struct master_cf_defaults d = {0};
    struct str out = {0}, why = {0};

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(services); i++) {
        struct master_cf m = {0};
        assert_true(master_cf_parse(&m, "master.cf", services[i].line, strlen(services[i].line), &d, &why));
        str_clear(&out);
        postconf_print_service(&out, m.services.items[0], false);
        assert_string_equal(str_text(&out), services[i].plain);
        str_clear(&out);
        postconf_print_service(&out, m.services.items[0], true);
        assert_string_equal(str_text(&out), services[i].folded);
        master_cf_done(&m);
    }
    str_done(&out);
    str_done(&why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(prints_parameters),
        cmocka_unit_test(prints_services),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
