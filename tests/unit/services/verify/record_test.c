#include "services/verify/record.h"

#include "config/config.h"
#include "tests/unit/test.h"

static const struct {
    const char *value;
    bool ok;
    enum verify_status status;
    time_t probed, updated;
    const char *text;
} values[] = {
    {"0:0:1795324919:delivers to maildir", true, VERIFY_OK, 0, 1795324919, "delivers to maildir"},
    {"1:5:7:host said: 450 later", true, VERIFY_DEFER, 5, 7, "host said: 450 later"},
    {"2:0:7:", true, VERIFY_BOUNCE, 0, 7, ""},
    {"3:1795324919:0:Address verification in progress", true, VERIFY_TODO, 1795324919, 0,
        "Address verification in progress"},
    {"4:0:7:no such status", false, 0, 0, 0, NULL},
    {"-1:0:7:no such status", false, 0, 0, 0, NULL},
    {"0:0:7", false, 0, 0, 0, NULL},
    {"0::7:x", false, 0, 0, 0, NULL},
    {"0:0x1:7:x", false, 0, 0, 0, NULL},
    {"1795324919", false, 0, 0, 0, NULL},
    {"", false, 0, 0, 0, NULL},
};

static void values_are_those_of_postfix(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
        struct verify_record r;
        struct str again = {0};
        bool ok = verify_record_get(&r, values[i].value);
        if (ok != values[i].ok)
            fail_msg("\"%s\" is %s", values[i].value, ok ? "taken" : "refused");
        if (!ok)
            continue;
        assert_int_equal(r.status, values[i].status);
        assert_int_equal(r.probed, values[i].probed);
        assert_int_equal(r.updated, values[i].updated);
        assert_string_equal(r.text, values[i].text);
        verify_record_put(&r, &again);
        assert_string_equal(str_text(&again), values[i].value);
        str_done(&again);
    }
}

enum { NOW = 1000000, DAY = 86400, HOUR = 3600 };

/* With the default times: 31 days and 7 days for good addresses, 3 days and 3 hours for others. */
static const struct {
    const char *what;
    enum verify_status status;
    int age, probe_age; /* seconds before NOW; probe_age NOW: none is under way */
    bool may_probe, is_expired, is_due;
} ages[] = {
    {"good, new", VERIFY_OK, 0, NOW, true, false, false},
    {"good, a week", VERIFY_OK, 7 * DAY, NOW, true, false, false},
    {"good, more than a week", VERIFY_OK, 7 * DAY + 1, NOW, true, false, true},
    {"bad, three hours", VERIFY_BOUNCE, 3 * HOUR, NOW, true, false, false},
    {"bad, more than three hours", VERIFY_BOUNCE, 3 * HOUR + 1, NOW, true, false, true},
    {"bad, more than three days", VERIFY_BOUNCE, 3 * DAY + 1, NOW, true, true, true},
    {"later, more than three days", VERIFY_DEFER, 3 * DAY + 1, NOW, true, true, true},
    {"never probed", VERIFY_TODO, NOW, NOW, true, true, true},
    {"being probed", VERIFY_TODO, NOW, 1000, false, true, true},
    {"the probe was lost", VERIFY_TODO, NOW, 1001, true, true, true},
};

static void age_counts(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(ages); i++) {
        struct verify_record r = {.status = ages[i].status, .probed = NOW - ages[i].probe_age, .text = "",
            .updated = NOW - ages[i].age};
        if (verify_record_may_probe(&r, NOW) != ages[i].may_probe ||
            verify_record_is_expired(&r, NOW) != ages[i].is_expired || verify_record_is_due(&r, NOW) != ages[i].is_due)
            fail_msg("%s", ages[i].what);
    }
}

static int set_up(void **state)
{
    (void) state;
    conf.address_verify_positive_expire_time = 31 * DAY / 3; /* NOW is the eleventh day */
    conf.address_verify_positive_refresh_time = 7 * DAY;
    conf.address_verify_negative_expire_time = 3 * DAY;
    conf.address_verify_negative_refresh_time = 3 * HOUR;
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(values_are_those_of_postfix), cmocka_unit_test(age_counts),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
