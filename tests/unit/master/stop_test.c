#include "master/stop.h"

#include "base/compiler.h"
#include "tests/unit/test.h"

/* Each is told to end after those that it works for. */
static const struct {
    const char *what, *before, *after;
} cases[] = {
    {"what was delivered is told to qmgr", "smtp", "qmgr"},
    {"the same, under the names that other releases had", "smtp", "oqmgr"},
    {"the same", "local", "nqmgr"},
    {"marks are written by cleanup", "qmgr", "cleanup"},
    {"the same", "oqmgr", "cleanup"},
    {"bounces are asked for by qmgr", "nqmgr", "bounce"},
    {"everybody logs", "cleanup", "postlogd"},
};

static void the_order_of_the_end(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        if (master_stop_stage(cases[i].before) >= master_stop_stage(cases[i].after))
            fail_msg("%s: %s is not before %s", cases[i].what, cases[i].before, cases[i].after);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(the_order_of_the_end)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
