#include "deliver/safe_open.h"

#include <errno.h>
#include <fcntl.h>

#include "tests/unit/deliver/message.h"

/* What is there under the name "box", and what opening it says; NULL: it opens. */
static const struct {
    const char *what, *prepare, *why;
} cases[] = {
    {"nothing", "true", NULL},
    {"a file", "touch box", NULL},
    {"a symbolic link of a user's", "touch file; ln -s file box; chown -h 65534 box", "file is a symbolic link"},
    {"one of root's where others write", "chmod 777 .; touch file; ln -s file box", "file is a symbolic link"},
    {"one of root's where only root writes", "chmod 755 .; touch file; ln -s file box", NULL},
    {"a link to nowhere", "ln -s nowhere box", "cannot open file: No such file or directory"},
    {"a second name", "touch file; ln file box", "file has 2 hard links"},
    {"a directory", "mkdir box", "cannot open file: Is a directory"},
    {"a fifo that nobody reads", "mkfifo box", "cannot open file: No such device or address"},
};

static void test_open(void **state)
{
    (void) state;
    if (geteuid() != 0)
        skip();
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct stat st;
        struct str why = {0};
        assert_int_equal(system("rm -rf box file; chmod 700 ."), 0);
        assert_int_equal(system(cases[i].prepare), 0);
        int fd = safe_open_append("box", (uid_t) -1, (gid_t) -1, &st, &why);
        if ((fd >= 0) != (cases[i].why == NULL) || (fd < 0 && strcmp(str_text(&why), cases[i].why) != 0))
            fail_msg("%s: %d %s", cases[i].what, fd, str_text(&why));
        if (fd >= 0)
            close(fd);
        str_done(&why);
    }
}

static void test_new_file(void **state)
{
    struct stat st;
    struct str why = {0};

    (void) state;
    assert_int_equal(system("rm -rf box"), 0);
    if (geteuid() != 0)
        skip();
    int fd = safe_open_append("box", 65534, 65533, &st, &why);
    assert_true(fd >= 0);
    assert_int_equal(st.st_uid, 65534);
    assert_int_equal(st.st_gid, 65533);
    assert_int_equal(st.st_mode, S_IFREG | 0600);
    assert_int_equal(fcntl(fd, F_GETFL) & O_APPEND, O_APPEND);
    close(fd);
    assert_true(safe_open_append("none/box", (uid_t) -1, (gid_t) -1, &st, &why) < 0);
    assert_string_equal(str_text(&why), "cannot create file exclusively: No such file or directory");
    str_done(&why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_open), cmocka_unit_test(test_new_file)};

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
