#include "queue/erase.h"

#include <errno.h>
#include <fcntl.h>

#include "fixture.h"
#include "queue/dirs.h"
#include "tests/unit/test.h"

enum { MANY = 1500 }; /* more than may wait for the helpers */

static void make(const char *id)
{
    int fd = queue_open("active", id, O_CREAT | O_EXCL | O_WRONLY, 0700);

    assert_true(fd >= 0);
    assert_int_equal(write(fd, id, strlen(id)), strlen(id));
    close(fd);
}

static void names_are_gone_at_once(void **state)
{
    char id[32];

    (void) state;
    for (int i = 0; i < MANY; i++) {
        snprintf(id, sizeof(id), "%X", i + 0x1000);
        make(id);
        assert_true(erase_file("active", id));
        assert_false(queue_has("active", id));
        make(id); /* there may be another of that name */
        assert_true(queue_remove("active", id));
    }
}

static void what_is_not_there(void **state)
{
    (void) state;
    errno = 0;
    assert_false(erase_file("active", "A1"));
    assert_int_equal(errno, ENOENT);
    assert_false(erase_file("nowhere", "A1"));
    assert_int_equal(errno, ENOENT);
}

static void a_link_is_not_followed(void **state)
{
    (void) state;
    make("A1");
    assert_int_equal(symlink("A1", "active/A2"), 0);
    assert_true(erase_file("active", "A2"));
    assert_true(queue_has("active", "A1"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_begin, fixture_end)
        TEST(names_are_gone_at_once),
        TEST(what_is_not_there),
        TEST(a_link_is_not_followed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
