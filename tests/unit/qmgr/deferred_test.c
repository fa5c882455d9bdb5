#include "../test.h"

#include <stdio.h>
#include <string.h>

#include "base/clock.h"
#include "base/loop.h"
#include "config/config.h"
#include "qmgr/deferred.h"
#include "qmgr/message.h"
#include "qmgr/recent.h"

static msec now;
static time_t wall;

/* A second has passed: the wheel turns. */
static void stop(void *arg)
{
    (void) arg;
    loop_stop();
}

static void pass(int seconds)
{
    struct timer t = {.fire = stop};

    now += 1000 * (msec) seconds;
    wall += seconds;
    clock_fake(now, wall);
    timer_set(&t, clock_now() + 1100); /* the loop's own clock runs on */
    loop_run();
}

static int begin(void **state)
{
    (void) state;
    now = 1000;
    wall = 1700000000;
    clock_fake(now, wall);
    conf.minimal_backoff_time = 300;
    conf.maximal_backoff_time = 4000;
    return 0;
}

static void comes_when_due(void **state)
{
    bool is_flushed;

    (void) state;
    qmgr_deferred_add("A1", wall + 300);
    qmgr_deferred_add("B2", wall + 10);
    assert_true(qmgr_deferred_knows("A1"));
    assert_false(qmgr_deferred_knows("A"));
    assert_int_equal(qmgr_deferred_count(), 2);
    assert_null(qmgr_deferred_next(&is_flushed));
    pass(11);
    assert_string_equal(qmgr_deferred_next(&is_flushed), "B2");
    assert_false(is_flushed);
    assert_null(qmgr_deferred_next(&is_flushed));
    assert_false(qmgr_deferred_knows("B2"));
    pass(300);
    assert_string_equal(qmgr_deferred_next(&is_flushed), "A1");
    assert_int_equal(qmgr_deferred_count(), 0);
}

static void time_can_be_changed(void **state)
{
    bool is_flushed;

    (void) state;
    qmgr_deferred_add("C3", wall + 4000);
    qmgr_deferred_add("C3", wall + 5);
    assert_int_equal(qmgr_deferred_count(), 1);
    pass(6);
    assert_string_equal(qmgr_deferred_next(&is_flushed), "C3");
    qmgr_deferred_add("C4", wall - 1); /* long ago */
    assert_string_equal(qmgr_deferred_next(&is_flushed), "C4");
}

/* Further ahead than the wheel is round: the same slot is passed before. */
static void far_ahead(void **state)
{
    bool is_flushed;

    (void) state;
    qmgr_deferred_add("D4", wall + 8192 + 100);
    pass(101);
    assert_null(qmgr_deferred_next(&is_flushed));
    pass(8192);
    assert_string_equal(qmgr_deferred_next(&is_flushed), "D4");
}

static void flush(void **state)
{
    bool is_flushed = false;
    char id[16];

    (void) state;
    for (int i = 0; i < 5000; i++) {
        snprintf(id, sizeof(id), "E%d", i);
        qmgr_deferred_add(id, wall + 100 + i % 3000);
    }
    qmgr_deferred_all_due();
    for (int i = 0; i < 5000; i++) {
        assert_non_null(qmgr_deferred_next(&is_flushed));
        assert_true(is_flushed);
    }
    assert_int_equal(qmgr_deferred_count(), 0);
}

static void retry_times(void **state)
{
    static const struct {
        long age, delay;
    } cases[] = {{0, 300}, {299, 300}, {1000, 1000}, {4000, 4000}, {86400, 4000}, {-100, 300}};

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct message m = {.e = {.create_time = wall - cases[i].age}};
        assert_int_equal(qmgr_deferred_retry_time(&m) - wall, cases[i].delay);
    }
}

static void recent(void **state)
{
    char id[16];

    (void) state;
    for (int i = 0; i < 3000; i++) {
        snprintf(id, sizeof(id), "F%d", i);
        qmgr_recent_add(id);
    }
    assert_true(qmgr_recent_has("F0"));
    assert_true(qmgr_recent_has("F2999"));
    assert_false(qmgr_recent_has("F3000"));
    clock_fake(now += 16000, wall += 16);
    qmgr_recent_add("F3000");
    assert_false(qmgr_recent_has("F0"));
    assert_true(qmgr_recent_has("F3000"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(comes_when_due),
        cmocka_unit_test(time_can_be_changed),
        cmocka_unit_test(far_ahead),
        cmocka_unit_test(flush),
        cmocka_unit_test(retry_times),
        cmocka_unit_test(recent),
    };

    return cmocka_run_group_tests(tests, begin, NULL);
}
