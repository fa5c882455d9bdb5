#include "base/task.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/io.h"
#include "base/loop.h"
#include "base/str.h"
#include "tests/unit/test.h"

static struct str trace; /* what happened, in order */

static int reset(void **state)
{
    (void) state;
    str_done(&trace);
    return 0;
}

/* Run the loop until the last of so many tasks has called finished(). */
static int running;

static void run_tasks(int count)
{
    running = count;
    loop_run();
}

static void finished(void)
{
    if (--running == 0)
        loop_stop();
}

static void yielder(void *arg)
{
    for (int i = 0; i < 3; i++) {
        str_addf(&trace, "%s%d ", (char *) arg, i);
        task_yield();
    }
    finished();
}

static void tasks_take_turns(void **state)
{
    (void) state;
    task_start(yielder, "a");
    task_start(yielder, "b");
    run_tasks(2);
    assert_string_equal(str_text(&trace), "a0 b0 a1 b1 a2 b2 ");
    assert_int_equal(task_count(), 0);
}

static int pair[2];

static void reader(void *arg)
{
    char buffer[16];
    ssize_t n = io_read(pair[0], buffer, sizeof(buffer), clock_after(*(int *) arg));

    if (n < 0)
        str_addf(&trace, "%s", errno == ETIMEDOUT ? "timeout" : errno == ECANCELED ? "cancelled" : "error");
    else
        str_addf(&trace, "read %d", (int) n);
    finished();
}

static void writer(void *arg)
{
    (void) arg;
    task_sleep(20);
    if (write(pair[1], "hello", 5) != 5)
        str_adds(&trace, "short write");
    finished();
}

static void open_pair(void)
{
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    io_own(pair[0]);
    io_own(pair[1]);
}

static void close_pair(void)
{
    io_close(pair[0]);
    io_close(pair[1]);
}

static void a_read_waits_for_its_bytes(void **state)
{
    int timeout = 5000;

    (void) state;
    open_pair();
    task_start(reader, &timeout);
    task_start(writer, NULL);
    run_tasks(2);
    assert_string_equal(str_text(&trace), "read 5");
    close_pair();
}

static void a_read_ends_at_its_deadline(void **state)
{
    int timeout = 200;
    struct timeval begin = clock_wall();

    (void) state;
    open_pair();
    task_start(reader, &timeout);
    run_tasks(1);
    assert_string_equal(str_text(&trace), "timeout");
    struct timeval end = clock_wall();
    long took = (end.tv_sec - begin.tv_sec) * 1000 + (end.tv_usec - begin.tv_usec) / 1000;
    assert_in_range(took, 150, 390); /* and not at the second try: the clock stands still while the loop waits */
    close_pair();
}

static struct task *victim;

static void canceller(void *arg)
{
    (void) arg;
    task_sleep(10);
    task_cancel(victim);
    finished();
}

static void a_cancelled_task_waits_no_more(void **state)
{
    int timeout = 5000;

    (void) state;
    open_pair();
    victim = task_start(reader, &timeout);
    task_start(canceller, NULL);
    run_tasks(2);
    assert_string_equal(str_text(&trace), "cancelled");
    close_pair();
}

static void closer(void *arg)
{
    (void) arg;
    task_sleep(10);
    io_close(pair[0]);
    finished();
}

/* The reader's time is up in the turn in which its descriptor is closed: it must not look at it again. */
static void closing_as_the_time_runs_out(void **state)
{
    int timeout = 10;

    (void) state;
    open_pair();
    task_start(closer, NULL);
    task_start(reader, &timeout);
    run_tasks(2);
    assert_true(strcmp(str_text(&trace), "timeout") == 0 || strcmp(str_text(&trace), "cancelled") == 0);
    io_close(pair[1]);
    str_done(&trace);
    open_pair(); /* the same number again: nobody is thought to wait for it */
    task_start(reader, &timeout);
    run_tasks(1);
    assert_string_equal(str_text(&trace), "timeout");
    close_pair();
}

static void closing_cancels_the_waiter(void **state)
{
    int timeout = 5000;

    (void) state;
    open_pair();
    task_start(reader, &timeout);
    task_start(closer, NULL);
    run_tasks(2);
    assert_string_equal(str_text(&trace), "cancelled");
    io_close(pair[1]);
}

static struct cond cond;

static void waiter(void *arg)
{
    enum wake w = cond_wait(&cond, clock_after(1000));

    str_addf(&trace, "%s%s ", (char *) arg, w == WAKE_READY ? "" : "!");
    finished();
}

static void waker(void *arg)
{
    (void) arg;
    cond_wake_one(&cond);
    task_yield();
    str_adds(&trace, "| ");
    cond_wake_all(&cond);
    finished();
}

static void a_cond_wakes_in_order(void **state)
{
    (void) state;
    cond_init(&cond);
    task_start(waiter, "a");
    task_start(waiter, "b");
    task_start(waiter, "c");
    task_start(waker, NULL);
    run_tasks(4);
    assert_string_equal(str_text(&trace), "a | b c ");
}

static void sleeper(void *arg)
{
    (void) arg;
    task_sleep(1);
    finished();
}

static void thousands_of_tasks(void **state)
{
    enum { COUNT = 5000 };

    (void) state;
    for (int i = 0; i < COUNT; i++)
        task_start(sleeper, NULL);
    run_tasks(COUNT);
    assert_int_equal(task_count(), 0);
}

static void note(void *arg)
{
    str_adds(&trace, arg);
}

static void note_and_stop(void *arg)
{
    note(arg);
    loop_stop();
}

static void a_turn_ends_in_order_of_rank(void **state)
{
    struct turn_end send = {.run = note, .arg = "send "}, store = {.run = note, .arg = "store "};
    struct turn_end last = {.run = note_and_stop, .arg = "last"};

    (void) state;
    loop_at_turn_end(&send, TURN_SEND);
    loop_at_turn_end(&last, TURN_SEND);
    loop_at_turn_end(&send, TURN_SEND); /* once is enough */
    loop_at_turn_end(&store, TURN_STORE);
    loop_run();
    assert_string_equal(str_text(&trace), "store send last");
}

static struct turn_end *unwanted;

static void take_back(void *arg)
{
    note(arg);
    loop_not_at_turn_end(unwanted);
}

static void what_is_taken_back_during_the_end_does_not_run(void **state)
{
    struct turn_end first = {.run = take_back, .arg = "first "}, second = {.run = note, .arg = "second "};
    struct turn_end last = {.run = note_and_stop, .arg = "last"};

    (void) state;
    unwanted = &second;
    loop_at_turn_end(&first, TURN_SEND);
    loop_at_turn_end(&second, TURN_SEND);
    loop_at_turn_end(&last, TURN_SEND);
    loop_run();
    assert_string_equal(str_text(&trace), "first last");
}

static void timers_fire_once_and_in_order(void **state)
{
    struct timer a = {.fire = note, .arg = "a"}, b = {.fire = note, .arg = "b"}, c = {.fire = note, .arg = "never"};
    struct timer end = {.fire = note_and_stop, .arg = "."};

    (void) state;
    clock_tick();
    timer_set(&end, clock_after(60));
    timer_set(&b, clock_after(40));
    timer_set(&a, clock_after(500));
    timer_set(&a, clock_after(10));
    timer_set(&c, clock_after(20));
    timer_stop(&c);
    assert_false(timer_is_set(&c));
    loop_run();
    assert_string_equal(str_text(&trace), "ab.");
}

static void without_tasks_waiting_is_poll(void **state)
{
    char byte;

    (void) state;
    open_pair();
    assert_int_equal(io_wait(pair[0], IO_READ, clock_after(5)), IO_TIMEOUT);
    assert_int_equal(write(pair[1], "x", 1), 1);
    assert_int_equal(io_wait(pair[0], IO_READ, NEVER), IO_READY);
    assert_int_equal(io_read(pair[0], &byte, 1, NEVER), 1);
    close_pair();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_teardown(without_tasks_waiting_is_poll, reset),
        cmocka_unit_test_teardown(tasks_take_turns, reset),
        cmocka_unit_test_teardown(a_read_waits_for_its_bytes, reset),
        cmocka_unit_test_teardown(a_read_ends_at_its_deadline, reset),
        cmocka_unit_test_teardown(a_cancelled_task_waits_no_more, reset),
        cmocka_unit_test_teardown(closing_cancels_the_waiter, reset),
        cmocka_unit_test_teardown(closing_as_the_time_runs_out, reset),
        cmocka_unit_test_teardown(a_cond_wakes_in_order, reset),
        cmocka_unit_test_teardown(thousands_of_tasks, reset),
        cmocka_unit_test_teardown(a_turn_ends_in_order_of_rank, reset),
        cmocka_unit_test_teardown(what_is_taken_back_during_the_end_does_not_run, reset),
        cmocka_unit_test_teardown(timers_fire_once_and_in_order, reset),
        cmocka_unit_test_teardown(without_tasks_waiting_is_poll, reset), /* nor does a loop that has run hold the clock */
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
