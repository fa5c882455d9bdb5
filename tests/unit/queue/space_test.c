#include "queue/space.h"

#include <sys/statvfs.h>

#include "base/clock.h"
#include "base/compiler.h"
#include "base/log.h"
#include "config/config.h"
#include "tests/unit/test.h"

static unsigned long free_blocks;
static bool is_unknown;
static msec later = 1000;

int statvfs(const char *path, struct statvfs *fs) /* in place of libc's */
{
    assert_string_equal(path, ".");
    *fs = (struct statvfs){.f_frsize = 100, .f_bavail = free_blocks};
    return is_unknown ? -1 : 0;
}

static const struct {
    const char *what;
    unsigned long blocks;
    long minimum, size;
    bool want;
} cases[] = {
    {"nothing is asked for", 0, 0, 0, true},
    {"queue_minfree", 10, 1000, 0, true},
    {"less than queue_minfree", 9, 1000, 0, false},
    {"one and a half times a message", 15, 0, 1000, true},
    {"less than that", 14, 0, 1000, false},
    {"both", 15, 1500, 1000, true},
    {"one of both", 15, 1600, 1000, false},
};

static void quiet(void *context, const struct log_line *lines, size_t count)
{
    (void) context;
    (void) lines;
    (void) count;
}

static void how_much_is_enough(void **state)
{
    (void) state;
    log_add_sink(quiet, NULL);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        free_blocks = cases[i].blocks;
        conf.queue_minfree = cases[i].minimum;
        clock_fake(later += 1000, 0);
        if (space_is_left(cases[i].size) != cases[i].want)
            fail_msg("%s", cases[i].what);
    }
    free_blocks = 1000; /* it is not looked at yet */
    assert_false(space_is_left(1000));
    is_unknown = true;
    clock_fake(later += 1000, 0);
    assert_true(space_is_left(1000000));
    log_remove_sinks();
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(how_much_is_enough)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
