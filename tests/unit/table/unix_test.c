/* The files of unix: have fixed names, so these tests run in a root directory of their own, and are
 * skipped where that is not allowed. */
#include "tests/unit/table/capture.h"

#include <fcntl.h>
#include <sched.h>

#include "base/clock.h"
#include "table/table.h"

static int real_root = -1;

static void write_files(void)
{
    capture_write("etc/passwd", "root:x:0:0:root:/root:/bin/bash\n"
                                "# a comment\n"
                                "\n"
                                "joe:*:4294967294:100:Joe,Room 1,,:/home/joe:\n"
                                "joe:x:1:1:another:/:/bin/sh\n"
                                "Ann:x:7:7::/:/bin/sh\n"
                                "broken\n"
                                "+nis::0:0:::\n"
                                "-no::0:0:::\n"
                                "last:x:9:9:no newline:/:/bin/false");
    capture_write("etc/group", "root:x:0:\nadm:x:4:joe\nstaff:x:50:joe,Ann,root\n+:::\n");
}

static int setup(void **state)
{
    capture_enter_dir();
    mkdir("etc", 0755);
    write_files();
    real_root = open("/", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (chroot(".") < 0 && (unshare(CLONE_NEWUSER) < 0 || chroot(".") < 0)) {
        close(real_root);
        real_root = -1;
    }
    return capture_setup(state);
}

static int teardown(void **state)
{
    if (real_root >= 0)
        assert_int_equal(fchdir(real_root) | chroot("."), 0);
    return capture_teardown(state);
}

static const struct {
    const char *what, *name;
    int flags;
    const char *key, *want; /* NULL: absent */
} cases[] = {
    {"account", "unix:passwd.byname", 0, "root", "root:x:0:0:root:/root:/bin/bash"},
    {"the first of two, a large uid", "unix:passwd.byname", 0, "joe", "joe:*:4294967294:100:Joe,Room 1,,:/home/joe:"},
    {"the query is folded", "unix:passwd.byname", TABLE_FOLD, "ROOT", "root:x:0:0:root:/root:/bin/bash"},
    {"the query is not folded", "unix:passwd.byname", 0, "ROOT", NULL},
    {"the account is in capitals", "unix:passwd.byname", 0, "Ann", "Ann:x:7:7::/:/bin/sh"},
    {"the account is not folded", "unix:passwd.byname", TABLE_FOLD, "Ann", NULL},
    {"absent", "unix:passwd.byname", 0, "jo", NULL},
    {"a line that is none", "unix:passwd.byname", 0, "broken", NULL},
    {"NIS", "unix:passwd.byname", 0, "+nis", NULL},
    {"NIS, without", "unix:passwd.byname", 0, "-no", NULL},
    {"the last line has no end", "unix:passwd.byname", 0, "last", "last:x:9:9:no newline:/:/bin/false"},
    {"empty key", "unix:passwd.byname", 0, "", NULL},
    {"group without members", "unix:group.byname", 0, "root", "root:x:0:"},
    {"group with a member", "unix:group.byname", 0, "adm", "adm:x:4:joe"},
    {"group with members", "unix:group.byname", 0, "staff", "staff:x:50:joe,Ann,root"},
    {"no group", "unix:group.byname", 0, "joe", NULL},
    {"NIS groups", "unix:group.byname", 0, "+", NULL},
    {"behind a proxy", "proxy:unix:passwd.byname", TABLE_FOLD, "Root", "root:x:0:0:root:/root:/bin/bash"},
};

static void test_cases(void **state)
{
    struct str value = {0};

    (void) state;
    if (real_root < 0)
        skip();
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct table *t = table_open(cases[i].name, cases[i].flags);
        print_message("%s\n", cases[i].what);
        assert_int_equal(table_find(t, cases[i].key, &value), cases[i].want != NULL ? TABLE_FOUND : TABLE_ABSENT);
        assert_string_equal(str_text(&value), cases[i].want != NULL ? cases[i].want : "");
        table_close(t);
    }
    assert_string_equal(capture_take(), "");
    str_done(&value);
}

static void test_changes(void **state)
{
    struct str value = {0};
    msec now = 1000 * 1000;

    (void) state;
    if (real_root < 0)
        skip();
    clock_fake(now, time(NULL) + 1000);
    struct table *t = table_open("unix:passwd.byname", 0);
    capture_write("etc/passwd", "new:x:1:1:::\n");
    assert_int_equal(table_find(t, "new", &value), TABLE_ABSENT);
    clock_fake(now += 1001, time(NULL) + 1000);
    assert_int_equal(table_find(t, "new", &value), TABLE_FOUND);
    assert_int_equal(table_find(t, "root", &value), TABLE_ABSENT);

    unlink("etc/passwd");
    clock_fake(now += 1001, time(NULL) + 1000);
    assert_int_equal(table_find(t, "new", &value), TABLE_FOUND);
    assert_null(table_stale()); /* it may come back at once */
    clock_fake(now += 1001, time(NULL) + 1000);
    assert_int_equal(table_find(t, "new", &value), TABLE_FOUND); /* what is in memory serves on ... */
    assert_string_equal(table_stale(), "unix:passwd.byname");    /* ... and somebody is told */
    table_close(t);

    t = table_open("unix:passwd.byname", 0);
    assert_int_equal(table_find(t, "new", &value), TABLE_ERROR);
    assert_non_null(strstr(capture_take(), "error: open /etc/passwd: No such file or directory|"));
    write_files();
    clock_fake(now += 1001, time(NULL) + 1000);
    assert_int_equal(table_find(t, "root", &value), TABLE_FOUND);
    table_close(t);
    str_done(&value);
}

/* Opened outside the root directory that a daemon then goes to, as texthash and hash tables are. */
static void test_chroot(void **state)
{
    struct str value = {0};
    msec now = 5000 * 1000;

    (void) state;
    if (real_root < 0)
        skip();
    clock_fake(now, time(NULL) + 1000);
    struct table *t = table_open("unix:group.byname", 0);
    mkdir("jail", 0755);
    assert_int_equal(chroot("jail"), 0);
    assert_int_equal(table_find(t, "adm", &value), TABLE_FOUND);
    clock_fake(now += 1001, time(NULL) + 1000);
    assert_int_equal(table_find(t, "adm", &value), TABLE_FOUND);
    assert_null(table_stale()); /* it did not change */

    capture_write("etc/group.new", "new:x:1:\n"); /* the current directory is still outside */
    assert_int_equal(rename("etc/group.new", "etc/group"), 0);
    clock_fake(now += 1001, time(NULL) + 1000);
    assert_int_equal(table_find(t, "adm", &value), TABLE_FOUND);
    clock_fake(now += 1001, time(NULL) + 1000);
    assert_int_equal(table_find(t, "adm", &value), TABLE_FOUND);
    assert_string_equal(table_stale(), "unix:group.byname");
    table_close(t);
    str_done(&value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_changes),
        cmocka_unit_test(test_chroot)};

    return cmocka_run_group_tests(tests, setup, teardown);
}
