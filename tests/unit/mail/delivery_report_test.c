#include "mail/delivery.h"

#include "config/config.h"
#include "tests/unit/test.h"

static void test_format_delay(void **state)
{
    static const struct {
        long sec, usec;
        int limit;
        const char *want;
    } cases[] = {
        {0, 0, 2, "0"}, {0, 4000, 2, "0"}, {0, 5000, 2, "0.01"}, {0, 12345, 2, "0.01"}, {0, 99999, 2, "0.1"},
        {0, 123456, 2, "0.12"}, {0, 500000, 2, "0.5"}, {0, 999999, 2, "1"}, {1, 234567, 2, "1.2"}, {9, 960000, 2, "10"},
        {12, 345678, 2, "12"}, {219, 300000, 2, "219"}, {219, 600000, 2, "220"}, {0, 12345, 3, "0.012"},
        {0, 12345, 6, "0.012"}, {0, 123456, 6, "0.12"}, {1, 234567, 0, "1"}, {0, 600000, 0, "1"}, {-5, 0, 2, "0"},
    };

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct str out = {0};
        struct timeval from = {.tv_sec = 1000, .tv_usec = 900000}, to = from;
        to.tv_sec += cases[i].sec;
        to.tv_usec += cases[i].usec;
        if (to.tv_usec >= 1000000) {
            to.tv_sec++;
            to.tv_usec -= 1000000;
        }
        conf.delay_logging_resolution_limit = cases[i].limit;
        delivery_format_delay(&out, from, to);
        print_message("%ld.%06ld\n", cases[i].sec, cases[i].usec);
        assert_string_equal(str_text(&out), cases[i].want);
        str_done(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_format_delay)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
