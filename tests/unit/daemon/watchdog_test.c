#include "daemon/watchdog.h"

#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop.h"
#include "tests/unit/test.h"

enum { LIMIT_S = 1, LONGER_MS = 3500, HOURS_S = 36000 };

static void quiet(void *context, const struct log_line *lines, size_t count)
{
    (void) context;
    (void) lines;
    (void) count;
}

static void stop(void *arg)
{
    (void) arg;
    loop_stop();
}

static void be_stuck(void *arg)
{
    (void) arg;
    for (;;)
        sleep(HOURS_S); /* a call that blocks; alarms interrupt it */
}

/* The status of a process whose loop does this at once. */
static int status_of(void (*doing)(void *), msec after)
{
    int status;
    pid_t pid = fork();

    assert_true(pid >= 0);
    if (pid == 0) {
        struct timer t = {.fire = doing};
        log_add_sink(quiet, NULL);
        watchdog_start(LIMIT_S);
        timer_set(&t, clock_after(after));
        loop_run();
        _exit(0);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static void a_loop_that_turns_goes_on(void **state)
{
    (void) state;
    assert_int_equal(status_of(stop, LONGER_MS), 0);
}

static void one_that_is_stuck_ends(void **state)
{
    (void) state;
    assert_int_equal(status_of(be_stuck, 1), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_that_is_stuck_ends),
        cmocka_unit_test(a_loop_that_turns_goes_on),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
