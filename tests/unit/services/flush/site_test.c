#include "services/flush/site.h"

#include <fcntl.h>
#include <time.h>

#include "base/file.h"
#include "base/log.h"
#include "queue/dirs.h"
#include "tests/unit/queue/fixture.h"
#include "tests/unit/test.h"

static const struct {
    const char *site, *path; /* NULL: none */
} names[] = {
    {"sink.example", "flush/sink_example"},
    {"SINK.Example", "flush/sink_example"},
    {"a-b.example", "flush/a_b_example"},
    {"[192.0.2.1]", "flush/_192_0_2_1_"},
    {"../../etc/passwd", "flush/______etc_passwd"},
    {"", NULL},
#ifdef WITH_ICU
    {"b\303\274cher.example", "flush/xn__bcher_kva_example"},
#endif
};

static void names_are_those_of_postfix(void **state)
{
    struct str path = {0}, too_long = {0};

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        assert_int_equal(flush_site_path(&path, names[i].site), names[i].path != NULL);
        if (names[i].path != NULL)
            assert_string_equal(str_text(&path), names[i].path);
    }
    for (int i = 0; i < 100; i++)
        str_adds(&too_long, "long.");
    assert_false(flush_site_path(&path, str_text(&too_long)));
    str_done(&path);
    str_done(&too_long);
}

/* --- messages --- */

enum { LATER = 3600 };

static void put_message(const char *queue, const char *id, mode_t mode)
{
    struct timespec times[2] = {{.tv_sec = time(NULL) + LATER}, {.tv_sec = time(NULL) + LATER}};
    int fd = queue_open(queue, id, O_CREAT | O_WRONLY, mode);

    assert_true(fd >= 0);
    assert_int_equal(fchmod(fd, mode), 0);
    assert_int_equal(futimens(fd, times), 0);
    close(fd);
}

/* In the queue, and its time has come? */
static void assert_in(const char *queue, const char *id, bool is_due)
{
    struct str path = {0};
    struct stat st;

    if (stat(queue_path(&path, queue, id), &st) < 0)
        fail_msg("%s is not in %s", id, queue);
    assert_int_equal(st.st_mtime <= time(NULL), is_due);
    str_done(&path);
}

static void assert_log(const char *want)
{
    struct str text = {0}, why = {0};

    assert_true(file_read("flush/sink_example", &text, &why));
    assert_string_equal(str_text(&text), want);
    str_done(&text);
    str_done(&why);
}

static void listed_messages_are_released(void **state)
{
    (void) state;
    put_message("deferred", "AAAAA1", 0700);
    put_message("deferred", "AAAAA2", 0700);
    put_message("incoming", "AAAAA3", 0700);
    put_message("active", "AAAAA4", 0700);
    put_message("deferred", "AAAAA5", 0600); /* being written */
    put_message("deferred", "AAAAA6", 0700); /* for others */
    static const char *const ids[] = {"AAAAA1", "AAAAA2", "AAAAA3", "AAAAA1", "AAAAA4", "AAAAA5", "AAAAA7"};
    for (size_t i = 0; i < ARRAY_SIZE(ids); i++)
        assert_int_equal(flush_site_add("sink.example", ids[i]), FLUSH_OK);
    assert_log("AAAAA1\nAAAAA2\nAAAAA3\nAAAAA1\nAAAAA4\nAAAAA5\nAAAAA7\n");
    assert_int_equal(flush_site_send("Sink.Example"), FLUSH_OK);
    assert_in("incoming", "AAAAA1", true);
    assert_in("incoming", "AAAAA2", true);
    assert_in("incoming", "AAAAA3", true);
    assert_in("active", "AAAAA4", false);
    assert_in("deferred", "AAAAA5", false);
    assert_in("deferred", "AAAAA6", false);
    assert_log("AAAAA4\n"); /* it may be deferred again */
    assert_int_equal(flush_site_send("nothing.example"), FLUSH_OK);
    assert_int_equal(flush_site_send(""), FLUSH_BAD);
}

static void nonsense_in_a_log_does_no_harm(void **state)
{
    FILE *f = fopen("flush/sink_example", "w");

    (void) state;
    fputs("../active/AAAAA4\n\nAAAAA6", f);
    fclose(f);
    assert_int_equal(flush_site_send("sink.example"), FLUSH_OK);
    assert_in("active", "AAAAA4", false);
    assert_log("");
}

static void links_are_not_followed(void **state)
{
    struct stat st;

    (void) state;
    assert_int_equal(symlink("../outside", "flush/link_example"), 0);
    assert_int_equal(flush_site_add("link.example", "AAAAA1"), FLUSH_FAIL);
    assert_int_equal(stat("outside", &st), -1);
    assert_int_equal(unlink("flush/link_example"), 0);
}

/* --- refreshing --- */

static void set_age(const char *path, int read_s, int written_s)
{
    time_t now = time(NULL);
    struct timespec times[2] = {{.tv_sec = now - read_s}, {.tv_sec = now - written_s}};

    assert_int_equal(utimensat(AT_FDCWD, path, times, 0), 0);
}

static void old_logs_are_read_and_empty_ones_go(void **state)
{
    static const struct {
        const char *site, *id;
        int read_s, written_s;
        bool is_released, is_removed;
    } logs[] = {
        {"old", "BBBBB1", 13 * 3600, 10, true, false},
        {"new", "BBBBB2", 11 * 3600, 10, false, false},
        {"empty", NULL, 0, 6 * 86400, false, false},
        {"gone", NULL, 0, 8 * 86400, false, true},
    };
    struct str path = {0};

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(logs); i++) {
        str_setf(&path, "flush/%s", logs[i].site);
        close(open(str_text(&path), O_CREAT | O_WRONLY, 0600));
        if (logs[i].id != NULL) {
            put_message("deferred", logs[i].id, 0700);
            flush_site_add(logs[i].site, logs[i].id);
        }
        set_age(str_text(&path), logs[i].read_s, logs[i].written_s);
    }
    flush_site_refresh(12 * 3600);
    for (size_t i = 0; i < ARRAY_SIZE(logs); i++) {
        str_setf(&path, "flush/%s", logs[i].site);
        assert_int_equal(access(str_text(&path), F_OK) < 0, logs[i].is_removed);
        if (logs[i].id != NULL)
            assert_in(logs[i].is_released ? "incoming" : "deferred", logs[i].id, logs[i].is_released);
    }
    flush_site_refresh(0);
    assert_in("incoming", "BBBBB2", true);
    str_done(&path);
}

static void no_log(void *context, const struct log_line *lines, size_t count)
{
    (void) context;
    (void) lines;
    (void) count;
}

static int set_up(void **state)
{
    conf.queue_service_name = "qmgr";
    conf.flush_service_name = "flush";
    conf.fast_flush_purge_time = 7 * 86400;
    log_add_sink(no_log, NULL);
    return fixture_begin(state) < 0 ? -1 : mkdir("flush", 0700);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_are_those_of_postfix), cmocka_unit_test(listed_messages_are_released),
        cmocka_unit_test(nonsense_in_a_log_does_no_harm), cmocka_unit_test(links_are_not_followed),
        cmocka_unit_test(old_logs_are_read_and_empty_ones_go),
    };

    return cmocka_run_group_tests(tests, set_up, fixture_end);
}
