#include "deliver/maildir.h"

#include <glob.h>
#include <sys/stat.h>

#include "base/file.h"
#include "tests/unit/deliver/message.h"

static size_t count(const char *pattern, char *first, size_t room)
{
    glob_t found;
    size_t n = glob(pattern, 0, NULL, &found) == 0 ? found.gl_pathc : 0;

    if (n > 0 && first != NULL)
        snprintf(first, room, "%s", found.gl_pathv[0]);
    globfree(&found);
    return n;
}

static bool deliver(const char *path, struct copy *c)
{
    return maildir_deliver(path, geteuid(), getegid(), c);
}

static void test_delivers(void **state)
{
    struct str bytes = {0}, text = {0}, why = {0};
    char name[300];
    struct stat st;

    (void) state;
    add_content(&bytes, (const char *[]){"A: b", "", "From here", NULL});
    struct copy c = copy_of(&bytes, 0);
    assert_true(deliver("a/b/", &c));
    assert_true(deliver("a/b/", &c));
    assert_int_equal(count("a/b/new/*", name, sizeof(name)), 2);
    assert_int_equal(count("a/b/tmp/*", NULL, 0), 0);
    assert_int_equal(count("a/b/cur", NULL, 0), 1);
    assert_int_equal(stat(name, &st), 0);
    assert_int_equal(st.st_mode, S_IFREG | 0600);
    assert_int_equal(stat("a/b", &st), 0);
    assert_int_equal(st.st_mode & 0777, 0700);
    assert_true(file_read(name, &text, &why));
    assert_string_equal(str_text(&text), "A: b\n\nFrom here\n");
    str_done(&bytes);
    str_done(&text);
}

static void test_fails(void **state)
{
    struct str bytes = {0};

    (void) state;
    record_adds(&bytes, REC_LINE, "damaged");
    struct copy c = copy_of(&bytes, 0);
    assert_false(deliver("m/", &c));
    assert_string_equal(str_text(&c.reason), "maildir delivery failed: message file corrupt");
    assert_int_equal(count("m/*/*", NULL, 0), 0); /* nothing is left behind */
    assert_false(deliver("/proc/none/", &c));
    assert_non_null(strstr(str_text(&c.reason), "maildir delivery failed: create maildir file /proc/none/tmp/"));
    str_done(&bytes);
    str_done(&c.reason);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_delivers), cmocka_unit_test(test_fails)};

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
