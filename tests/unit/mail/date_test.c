#include "mail/date.h"

#include <stdlib.h>

#include "tests/unit/test.h"

static const struct {
    const char *zone;
    time_t when;
    const char *rfc5322, *asctime;
} cases[] = {
    {"UTC", 1795304486, "Sat, 21 Nov 2026 23:41:26 +0000 (UTC)", "Sat Nov 21 23:41:26 2026"},
    {"UTC", 0, "Thu, 01 Jan 1970 00:00:00 +0000 (UTC)", "Thu Jan  1 00:00:00 1970"},
    {"CET-1CEST,M3.5.0,M10.5.0/3", 1751328001, "Tue, 01 Jul 2025 02:00:01 +0200 (CEST)", "Tue Jul  1 02:00:01 2025"},
    {"NST3:30NDT,M3.2.0,M11.1.0", 1767225600, "Wed, 31 Dec 2025 20:30:00 -0330 (NST)", "Wed Dec 31 20:30:00 2025"},
};

static void test_cases(void **state)
{
    (void) state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        setenv("TZ", cases[i].zone, 1);
        tzset();
        assert_string_equal(date_rfc5322(cases[i].when), cases[i].rfc5322);
        assert_string_equal(date_rfc5322(cases[i].when), cases[i].rfc5322);
        assert_string_equal(date_asctime(cases[i].when), cases[i].asctime);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
