/* What settle_files() syncs, and when: files are complete before they look so, and names are durable before it says so. */
#include "queue/settle_files.h"

#include <fcntl.h>

#include "fixture.h"
#include "queue/dirs.h"
#include "queue/journal.h"
#include "tests/unit/test.h"

enum { MANY = 10 };

static struct journal *journal;
static struct location places[MANY];
static char path[64];
static int stored;
static struct str trace; /* a word for each sync */
static bool is_counting;

static void note_sync(int fd)
{
    struct stat st;

    if (!is_counting)
        return;
    fstat(fd, &st);
    str_adds(&trace, S_ISDIR(st.st_mode) ? "names " : (st.st_mode & S_IXUSR) != 0 ? "complete " : "bytes ");
}

int fsync(int fd) /* these two are in place of libc's */
{
    note_sync(fd);
    return 0;
}

int syncfs(int fd)
{
    if (is_counting)
        str_adds(&trace, "all:");
    note_sync(fd);
    return 0;
}

static void note_stored(void *arg, uint64_t seq, const struct location *where, bool ok)
{
    (void) arg;
    (void) seq;
    assert_true(ok);
    snprintf(path, sizeof(path), "%s", where->path);
    places[stored] = *where;
    places[stored++].path = path;
}

static const char *const ids[MANY] = {"A1", "A2", "A3", "A4", "A5", "A6", "A7", "A8", "A9", "AA"};

static void store(int count)
{
    struct str image = {0}, why = {0};

    stored = 0;
    conf.queue_journal_segment_size = 1024 * 1024;
    journal = journal_open(&why);
    assert_non_null(journal);
    fixture_message(&image, 1, 100);
    for (int i = 0; i < count; i++)
        journal_append(journal, ids[i], image.data, image.len, note_stored, NULL);
    journal_commit(journal);
    assert_int_equal(stored, count);
    str_done(&image);
}

/* All are settled; what was synced on the way. */
static void settle(int count, const char *want)
{
    struct settle_file files[MANY] = {0};

    for (int i = 0; i < count; i++)
        files[i] = (struct settle_file){.queue = "deferred", .id = ids[i], .where = places[i]};
    str_clear(&trace);
    is_counting = true;
    settle_files(files, (size_t) count, (uid_t) -1, (gid_t) -1);
    is_counting = false;
    for (int i = 0; i < count; i++) {
        if (!files[i].ok)
            fail_msg("%s: %s", ids[i], str_text(&files[i].why));
        assert_true(queue_has("deferred", ids[i]));
        str_done(&files[i].why);
    }
    assert_string_equal(str_text(&trace), want);
    str_done(&trace);
}

static void one_by_one(void **state)
{
    (void) state;
    store(2);
    settle(2, "bytes bytes complete complete names names ");
    journal_close(journal);
}

static void many_at_once(void **state)
{
    (void) state;
    store(MANY);
    settle(MANY, "all:bytes all:complete ");
    journal_close(journal);
}

/* A file that looks complete is of an attempt that ended before its last sync: it is not durable for that. */
static void one_that_is_there(void **state)
{
    (void) state;
    store(1);
    settle(1, "bytes complete names ");
    settle(1, "complete names ");
    journal_close(journal);
}

/* One that does not look so is written anew. */
static void half_of_one(void **state)
{
    (void) state;
    store(1);
    int fd = queue_open("deferred", ids[0], O_CREAT | O_EXCL | O_WRONLY, 0600);
    assert_int_equal(write(fd, "x", 1), 1);
    close(fd);
    settle(1, "bytes complete names ");
    journal_close(journal);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, fixture_begin, fixture_end)
        TEST(one_by_one),
        TEST(many_at_once),
        TEST(one_that_is_there),
        TEST(half_of_one),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
