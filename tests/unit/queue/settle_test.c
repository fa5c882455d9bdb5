#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>

#include "base/loop.h"
#include "fixture.h"
#include "queue/dirs.h"
#include "queue/envelope.h"
#include "queue/journal.h"
#include "queue/qid.h"
#include "queue/settle.h"

enum { MANY = 300 };

static struct journal *journal;
static struct location places[MANY];
static char path[64];
static int stored, settled, refused;

static void note_stored(void *arg, uint64_t seq, const struct location *where, bool ok)
{
    (void) arg;
    (void) seq;
    assert_true(ok);
    snprintf(path, sizeof(path), "%s", where->path);
    places[stored] = *where;
    places[stored++].path = path;
}

static void note_settled(void *arg, bool ok)
{
    settled += ok;
    refused += !ok;
    if (arg != NULL && settled + refused == *(int *) arg)
        loop_stop();
}

static const char *id_of(int i)
{
    static char id[QID_SIZE];

    snprintf(id, sizeof(id), "%05X1", i);
    return id;
}

static void store(int count)
{
    struct str image = {0}, why = {0};

    conf.queue_journal_segment_size = 1024 * 1024;
    stored = settled = refused = 0;
    journal = journal_open(&why);
    assert_non_null(journal);
    fixture_message(&image, 2, 100);
    for (int i = 0; i < count; i++)
        journal_append(journal, id_of(i), image.data, image.len, note_stored, NULL);
    journal_commit(journal);
    assert_int_equal(stored, count);
    str_done(&image);
}

static struct stat stat_of(const char *queue, const char *id)
{
    struct str name = {0};
    struct stat st;

    assert_int_equal(stat(queue_path(&name, queue, id), &st), 0);
    str_done(&name);
    return st;
}

static void one_with_everything(void **state)
{
    struct location where = {0};
    struct arena a = {0};
    struct envelope e;
    struct message_bytes m;
    struct str why = {0}, name = {0};
    int want = 1;

    (void) state;
    store(1);
    assert_true(message_open(id_of(0), &places[0], &m, &why));
    assert_true(envelope_read(&a, m.bytes, m.n, 0, &e, NULL, &why));
    message_close(&m);
    uint32_t done = e.recipients[1].offset;
    settle_message("deferred", id_of(0), &places[0], 2000000000, &done, 1, note_settled, &want);
    assert_int_equal(settle_pending(), 1);
    loop_run();
    assert_int_equal(settled, 1);
    assert_int_equal(settle_pending(), 0);
    struct stat st = stat_of("deferred", id_of(0));
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_int_equal(st.st_mtime, 2000000000);
    where.path = queue_path(&name, "deferred", id_of(0));
    assert_string_equal(where.path, "deferred/0/000001");
    assert_true(message_open(id_of(0), &where, &m, &why));
    assert_true(envelope_read(&a, m.bytes, m.n, 0, &e, NULL, &why));
    assert_int_equal(e.done_count, 1);
    assert_int_equal(e.recipient_count, 1);
    assert_string_equal(e.recipients[0].address, "r0@example.org");
    message_close(&m);
    arena_done(&a);
    str_done(&name);
    journal_close(journal);
}

static void many(void **state)
{
    int want = MANY;

    (void) state;
    store(MANY);
    for (int i = 0; i < MANY; i++)
        settle_message(i % 2 == 0 ? "deferred" : "hold", id_of(i), &places[i], 0, NULL, 0, note_settled, &want);
    loop_run();
    assert_int_equal(settled, MANY);
    for (int i = 0; i < MANY; i++)
        assert_int_equal(stat_of(i % 2 == 0 ? "deferred" : "hold", id_of(i)).st_size, places[i].length);
    journal_close(journal);
}

/* Once is enough, wherever it went; and what is not there cannot be settled. */
static void twice_and_gone(void **state)
{
    int want = 1;

    (void) state;
    store(2);
    settle_message("deferred", id_of(0), &places[0], 0, NULL, 0, note_settled, &want);
    loop_run();
    assert_true(queue_rename(id_of(0), "deferred", "active"));
    want = 3;
    settle_message("deferred", id_of(0), &places[0], 0, NULL, 0, note_settled, &want);
    settle_message("deferred", id_of(1), &places[0], 0, NULL, 0, note_settled, &want);
    loop_run();
    assert_int_equal(settled, 2);
    assert_int_equal(refused, 1);
    assert_false(queue_has("deferred", id_of(0)));
    assert_false(queue_has("deferred", id_of(1)));
    journal_close(journal);
}

/* A write that fails (here: a limit on the size of files) leaves no half of a file. */
static void no_room(void **state)
{
    struct rlimit unlimited, small;
    int want = 1;

    (void) state;
    store(1);
    getrlimit(RLIMIT_FSIZE, &unlimited);
    small = unlimited;
    small.rlim_cur = 10;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    settle_message("deferred", id_of(0), &places[0], 0, NULL, 0, note_settled, &want);
    loop_run();
    setrlimit(RLIMIT_FSIZE, &unlimited);
    assert_int_equal(refused, 1);
    assert_int_equal(access("deferred/0/000001", F_OK), -1);
    journal_close(journal);
}

/* --- directories --- */

static const struct {
    const char *what, *queue, *id, *path;
} paths[] = {
    {"not hashed", "active", "12345ABC", "active/12345ABC"},
    {"short", "deferred", "12345ABC", "deferred/1/2/12345ABC"},
    {"one character", "deferred", "1", "deferred/1/_/1"},
    {"long: by its microseconds", "deferred", "4SVLCh75plzvRh", "deferred/F/4/4SVLCh75plzvRh"},
    {"log file", "defer", "ABC", "defer/A/B/ABC"},
};

static void hashed_paths(void **state)
{
    struct str name = {0};

    (void) state;
    conf.hash_queue_depth = 2;
    for (size_t i = 0; i < ARRAY_SIZE(paths); i++) {
        print_message("%s\n", paths[i].what);
        assert_string_equal(queue_path(&name, paths[i].queue, paths[i].id), paths[i].path);
    }
    str_done(&name);
}

static void make(const char *queue, const char *id)
{
    int fd = queue_open(queue, id, O_CREAT | O_EXCL | O_WRONLY, 0700);

    assert_true(fd >= 0);
    close(fd);
}

static void renaming_overwrites_nothing(void **state)
{
    (void) state;
    make("active", "A1");
    make("deferred", "A1");
    assert_false(queue_rename("A1", "active", "deferred"));
    assert_true(queue_has("active", "A1"));
    assert_true(queue_rename("A1", "active", "hold"));
    assert_true(queue_remove("deferred", "A1"));
    assert_true(queue_rename("A1", "hold", "deferred"));
    assert_false(queue_rename("A1", "hold", "deferred"));
}

static void moving_makes_directories(void **state)
{
    (void) state;
    make("active", "A1234");
    conf.hash_queue_depth = 2;
    assert_true(queue_move("active/A1234", "deferred", "A1234"));
    assert_int_equal(access("deferred/A/1/A1234", F_OK), 0);
    assert_false(queue_move("active/A1234", "deferred", "A1234"));
    assert_int_equal(errno, ENOENT);
    make("active", "A1234");
    assert_false(queue_move("active/A1234", "deferred", "A1234"));
    assert_int_equal(errno, EEXIST);
    assert_true(queue_move_to("active/A1234", "deferred/B/2/new"));
    assert_int_equal(access("deferred/B/2/new", F_OK), 0);
}

static void scan_finds_every_depth(void **state)
{
    struct str name = {0};
    int found = 0;

    (void) state;
    make("deferred", "A1234");
    conf.hash_queue_depth = 3;
    make("deferred", "B1234");
    conf.hash_queue_names = "";
    make("deferred", "C1234");
    make("deferred", "C1234_x");
    assert_true(close(open("deferred/not an id", O_CREAT | O_WRONLY, 0700)) == 0);
    struct queue_scan *s = queue_scan_open("deferred");
    for (const char *id; (id = queue_scan_next(s, &name)) != NULL; found++) {
        assert_int_equal(access(str_text(&name), R_OK), 0);
        assert_non_null(strstr(str_text(&name), id));
    }
    assert_int_equal(found, 4);
    queue_scan_close(s);
    assert_null(queue_scan_open("nowhere"));
    assert_null(queue_scan_next(NULL, &name));
    queue_scan_close(NULL);
    str_done(&name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_begin, fixture_end)
        TEST(one_with_everything),
        TEST(many),
        TEST(twice_and_gone),
        TEST(no_room),
        TEST(hashed_paths),
        TEST(renaming_overwrites_nothing),
        TEST(moving_makes_directories),
        TEST(scan_finds_every_depth),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
