#include "tests/unit/test.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/postsuper/remove.h"
#include "config/config.h"

enum { MANY = 3000 };

static char folder[] = "/tmp/remove_test.XXXXXX";

static int begin(void **state)
{
    static const char *const queues[] = {"bounce", "defer", "trace", "hold"};

    (void) state;
    conf.hash_queue_names = "";
    if (mkdtemp(folder) == NULL || chdir(folder) < 0)
        return -1;
    for (size_t i = 0; i < sizeof(queues) / sizeof(queues[0]); i++)
        if (mkdir(queues[i], 0700) < 0)
            return -1;
    return 0;
}

static int end(void **state)
{
    (void) state;
    int failed = rmdir("bounce") < 0 || rmdir("defer") < 0 || rmdir("trace") < 0 || rmdir("hold") < 0; /* all are empty */

    return failed || chdir("/") < 0 || rmdir(folder) < 0 ? -1 : 0;
}

static void make(const char *queue, int number)
{
    char path[64];

    snprintf(path, sizeof(path), "%s/%05X1", queue, (unsigned) number);
    int fd = open(path, O_CREAT | O_EXCL | O_WRONLY, 0600);
    assert_true(fd >= 0);
    close(fd);
}

static void one_with_its_logs(void **state)
{
    (void) state;
    make("hold", 1);
    make("bounce", 1);
    make("trace", 1);
    assert_true(postsuper_remove_message("hold/000011", "000011"));
    assert_false(postsuper_remove_message("hold/000011", "000011"));
    assert_int_equal(access("bounce/000011", F_OK), -1);
    assert_int_equal(access("trace/000011", F_OK), -1);
}

/* More than a batch; every third has a log, every fifth is not counted, every seventh is gone already. */
static void many(void **state)
{
    unsigned long wanted = 0;

    (void) state;
    for (int i = 0; i < MANY; i++) {
        if (i % 7 != 0)
            make("hold", i);
        if (i % 3 == 0)
            make("defer", i);
        wanted += i % 7 != 0 && i % 5 != 0;
    }
    postsuper_remove_begin();
    for (int i = 0; i < MANY; i++) {
        char path[64], id[32];
        snprintf(id, sizeof(id), "%05X1", (unsigned) i);
        snprintf(path, sizeof(path), "hold/%s", id);
        postsuper_remove_add(path, id, i % 5 != 0);
    }
    assert_int_equal(postsuper_remove_end(), wanted);
}

static void none(void **state)
{
    (void) state;
    postsuper_remove_begin();
    assert_int_equal(postsuper_remove_end(), 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(one_with_its_logs),
        cmocka_unit_test(many),
        cmocka_unit_test(none),
    };
    return cmocka_run_group_tests(tests, begin, end);
}
