#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

#include "fixture.h"
#include "queue/dirs.h"
#include "queue/entry.h"
#include "queue/envelope.h"
#include "queue/journal.h"

enum { MESSAGES_MAX = 4096 };

/* What the journal told about the messages that were appended, in order. */
static struct {
    uint64_t seq;
    struct location where;
    char path[64];
    bool ok;
} told[MESSAGES_MAX];
static int told_count;

static void note(void *arg, uint64_t seq, const struct location *where, bool ok)
{
    assert_int_equal((intptr_t) arg, told_count);
    told[told_count].seq = seq;
    told[told_count].ok = ok;
    if (ok) {
        told[told_count].where = *where;
        snprintf(told[told_count].path, sizeof(told[0].path), "%s", where->path);
        told[told_count].where.path = told[told_count].path;
    } else {
        assert_null(where);
    }
    told_count++;
}

static struct str image;
static int appended;

static const char *id_of(int i)
{
    static char id[QID_SIZE];

    snprintf(id, sizeof(id), "%05X%X", i, 0xABC);
    return id;
}

static void append(struct journal *j, size_t text)
{
    fixture_message(&image, 2, text);
    journal_append(j, id_of(appended), image.data, image.len, note, (void *) (intptr_t) appended);
    appended++;
}

static struct journal *open_journal(void)
{
    struct str why = {0};
    struct journal *j = journal_open(&why);

    if (j == NULL)
        fail_msg("%s", str_text(&why));
    str_done(&why);
    return j;
}

static int begin(void **state)
{
    told_count = appended = 0;
    return fixture_begin(state);
}

/* As after kill -9: in a child that ends without closing. */
static void in_dying_writer(void (*write)(struct journal *j))
{
    pid_t pid = fork();
    int status;

    if (pid == 0) {
        write(open_journal());
        _exit(0);
    }
    waitpid(pid, &status, 0);
    assert_int_equal(status, 0);
}

static long settle(int slot)
{
    struct str why = {0};
    long n = journal_settle(slot, &why);

    if (n < 0)
        print_message("%s\n", str_text(&why));
    str_done(&why);
    return n;
}

static int count_files(const char *queue)
{
    struct str path = {0};
    struct queue_scan *s = queue_scan_open(queue);
    int n = 0;

    while (queue_scan_next(s, &path) != NULL)
        n++;
    queue_scan_close(s);
    str_done(&path);
    return n;
}

static size_t done_recipients(const char *bytes, size_t n)
{
    struct arena a = {0};
    struct envelope e;
    struct str why = {0};

    assert_true(envelope_read(&a, bytes, n, 0, &e, NULL, &why));
    size_t done = e.done_count;
    assert_int_equal(done + e.recipient_count, 2);
    arena_done(&a);
    return done;
}

/* --- the living writer --- */

static void message_is_where_it_was_told(void **state)
{
    struct journal *j = open_journal();
    struct message_bytes m;
    struct str why = {0};

    (void) state;
    assert_int_equal(journal_slot(j), 1);
    append(j, 500);
    append(j, 0);
    assert_int_equal(told_count, 0);
    journal_commit(j);
    assert_int_equal(told_count, 2);
    assert_true(told[0].ok && told[1].ok);
    assert_int_equal(told[1].seq, told[0].seq + 1);
    assert_int_equal(journal_live_count(j), 2);
    assert_true(location_is_journal(&told[0].where));
    assert_true(message_open(id_of(1), &told[1].where, &m, &why));
    assert_int_equal(m.n, image.len);
    assert_memory_equal(m.bytes, image.data, image.len);
    assert_true(message_is_current(id_of(1), &told[1].where, &m));
    message_close(&m);
    assert_false(message_open(id_of(0), &told[1].where, &m, &why)); /* another message is there */
    assert_string_equal(str_text(&why), "00000ABC: message is gone from journal/1/000001");
    journal_mark_done(j, told[0].seq);
    journal_mark_done(j, told[1].seq);
    journal_close(j);
    str_done(&why);
}

static void writers_have_slots_of_their_own(void **state)
{
    struct journal *a = open_journal(), *b = open_journal();

    (void) state;
    assert_int_equal(journal_slot(a), 1);
    assert_int_equal(journal_slot(b), 2);
    journal_close(a);
    a = open_journal();
    assert_int_equal(journal_slot(a), 1);
    journal_close(a);
    journal_close(b);
    journal_close(NULL);
}

static uint32_t recipient_offset(int i)
{
    struct arena a = {0};
    struct envelope e;
    struct str why = {0};

    assert_true(envelope_read(&a, image.data, image.len, 0, &e, NULL, &why));
    uint32_t offset = e.recipients[i].offset;
    arena_done(&a);
    return offset;
}

static void recipients_are_marked_in_place(void **state)
{
    struct journal *j = open_journal();
    struct message_bytes m;
    struct str why = {0};

    (void) state;
    append(j, 100);
    journal_commit(j);
    assert_true(message_open(id_of(0), &told[0].where, &m, &why));
    journal_mark_recipient(j, told[0].seq, recipient_offset(1));
    journal_mark_recipient(j, told[0].seq, recipient_offset(1) + 1);  /* no record */
    journal_mark_recipient(j, told[0].seq, (uint32_t) m.n + 100);     /* not in the message */
    assert_int_equal(done_recipients(m.bytes, m.n), 1);
    assert_int_equal(journal_live_count(j), 1);
    message_close(&m);
    journal_mark_done(j, told[0].seq);
    journal_mark_done(j, told[0].seq); /* again: nothing */
    journal_mark_done(j, 999999);
    assert_int_equal(journal_live_count(j), 0);
    journal_close(j);
}

static int count_segments(void)
{
    DIR *dir = opendir("journal/1");
    struct dirent *entry;
    int n = 0;

    while ((entry = readdir(dir)) != NULL)
        n += entry->d_name[0] == '0';
    closedir(dir);
    return n;
}

/* Messages that are done in the next turn need two segments, however many there are. */
static void segments_are_used_again(void **state)
{
    struct journal *j = open_journal();

    (void) state;
    for (int i = 0; i < 500; i++) {
        append(j, 1000);
        append(j, 3000);
        journal_commit(j);
        journal_mark_done(j, told[2 * i].seq);
        journal_mark_done(j, told[2 * i + 1].seq);
    }
    for (int i = 0; i < told_count; i++)
        assert_true(told[i].ok);
    assert_int_equal(count_segments(), 2);
    journal_close(j);
    assert_int_equal(settle(-1), 0);
}

/* The writer does not have to wait for it when the present one is full. */
static void the_next_segment_is_made_ahead(void **state)
{
    struct journal *j = open_journal();

    (void) state;
    append(j, 3000);
    journal_commit(j);
    assert_int_equal(count_segments(), 1);
    for (int i = 1; i < 12; i++)
        append(j, 3000); /* together more than half of one */
    journal_commit(j);
    journal_close(j);
    assert_int_equal(count_segments(), 2);
}

/* One message that stays keeps every later segment: in them are marks that are needed. */
static void a_message_that_stays_is_not_overwritten(void **state)
{
    struct journal *j = open_journal();
    struct message_bytes m;
    struct str why = {0};

    (void) state;
    append(j, 1000);
    journal_commit(j);
    for (int i = 1; i < 200; i++) {
        append(j, 3000);
        journal_commit(j);
        journal_mark_done(j, told[i].seq);
    }
    assert_true(count_segments() > 5);
    assert_true(message_open(id_of(0), &told[0].where, &m, &why));
    assert_int_equal(done_recipients(m.bytes, m.n), 0);
    message_close(&m);
    journal_mark_done(j, told[0].seq);
    for (int i = 200; i < 220; i++) {
        append(j, 3000);
        journal_commit(j);
        journal_mark_done(j, told[i].seq);
    }
    assert_true(count_segments() <= 8); /* given back */
    journal_close(j);
}

static void larger_than_a_segment_in_one_turn(void **state)
{
    struct journal *j = open_journal();

    (void) state;
    for (int i = 0; i < 100; i++)
        append(j, 8000);
    journal_commit(j);
    assert_int_equal(told_count, 100);
    for (int i = 0; i < 100; i++) {
        struct message_bytes m;
        struct str why = {0};
        assert_true(told[i].ok);
        assert_true(message_open(id_of(i), &told[i].where, &m, &why));
        message_close(&m);
    }
    journal_close(j);
}

static void too_large_is_refused(void **state)
{
    struct journal *j = open_journal();

    (void) state;
    append(j, 20000);
    append(j, 100);
    journal_commit(j);
    assert_false(told[0].ok);
    assert_true(told[1].ok);
    journal_close(j);
}

static void no_room_is_refused(void **state)
{
    struct journal *j = open_journal();

    (void) state;
    conf.queue_minfree = INT64_C(1) << 60;
    append(j, 100);
    journal_commit(j);
    assert_int_equal(told_count, 1);
    assert_false(told[0].ok);
    assert_int_equal(journal_live_count(j), 0);
    assert_int_equal(count_segments(), 0);
    journal_close(j);
}

/* A write that fails (here: a limit on the size of files): the segment is left for good, the message
 * is refused, and does not come back, though its bytes may be on the disk. */
static void write_with_failure(struct journal *j)
{
    struct rlimit unlimited, small;

    append(j, 1000);
    journal_commit(j);
    getrlimit(RLIMIT_FSIZE, &unlimited);
    small = unlimited;
    small.rlim_cur = 2 * ENTRY_BLOCK + 3000;
    signal(SIGXFSZ, SIG_IGN);
    setrlimit(RLIMIT_FSIZE, &small);
    append(j, 1000);
    append(j, 4000);
    journal_commit(j);
    setrlimit(RLIMIT_FSIZE, &unlimited);
    append(j, 1000);
    journal_commit(j);
    assert_int_equal(told_count, 4);
    assert_true(told[0].ok && !told[1].ok && !told[2].ok && told[3].ok);
    assert_string_equal(told[3].path, "journal/1/000002");
    assert_int_equal(journal_live_count(j), 2);
}

static void a_failed_write_is_refused(void **state)
{
    (void) state;
    in_dying_writer(write_with_failure);
    assert_int_equal(settle(1), 2);
    assert_true(queue_has("incoming", "00000ABC"));
    assert_true(queue_has("incoming", "00003ABC"));
    assert_int_equal(count_files("corrupt"), 0);
}

static int visited;
static void visit(void *arg, uint64_t seq, const char *queue_id, const struct location *where)
{
    (void) arg;
    assert_int_equal(seq, told[visited].seq);
    assert_string_equal(queue_id, id_of(visited));
    assert_int_equal(where->offset, told[visited].where.offset);
    visited += 2;
}

static void live_messages_in_order(void **state)
{
    struct journal *j = open_journal();

    (void) state;
    for (int i = 0; i < 50; i++)
        append(j, 2000);
    journal_commit(j);
    for (int i = 1; i < 50; i += 2)
        journal_mark_done(j, told[i].seq);
    visited = 0;
    journal_each_live(j, visit, NULL);
    assert_int_equal(visited, 50);
    journal_close(j);
}

/* --- recovery --- */

static void write_three(struct journal *j)
{
    append(j, 1000);
    append(j, 1000);
    journal_commit(j);
    append(j, 1000);
    journal_commit(j);
    journal_mark_done(j, told[1].seq);
    journal_mark_recipient(j, told[2].seq, recipient_offset(0));
    journal_commit(j);
}

static void check_first_and_third(int recipients_done)
{
    struct location where = {.path = "incoming/00002ABC"};
    struct message_bytes m;
    struct str why = {0};
    struct stat st;

    assert_true(queue_has("incoming", "00000ABC"));
    assert_false(queue_has("incoming", "00001ABC"));
    assert_int_equal(stat(where.path, &st), 0);
    assert_int_equal(st.st_mode & 07777, 0700);
    assert_true(message_open("00002ABC", &where, &m, &why));
    assert_int_equal(done_recipients(m.bytes, m.n), recipients_done);
    message_close(&m);
}

static void dead_writers_messages_become_files(void **state)
{
    struct journal *j;

    (void) state;
    in_dying_writer(write_three);
    assert_int_equal(settle(1), 2);
    check_first_and_third(1);
    assert_int_equal(count_files("corrupt"), 0);
    assert_int_equal(settle(1), 0);
    assert_int_equal(settle(-1), 0);
    assert_int_equal(count_files("incoming"), 2);
    j = open_journal(); /* the slot is free again */
    assert_int_equal(journal_slot(j), 1);
    append(j, 10);
    journal_commit(j);
    assert_true(told[0].ok);
    assert_int_equal(told[0].seq, 4); /* goes on counting */
    assert_int_equal(settle(1), -1);  /* its writer lives */
    assert_int_equal(settle(-1), 0);
    journal_close(j);
}

static void what_is_a_file_already_stays(void **state)
{
    (void) state;
    in_dying_writer(write_three);
    int fd = queue_open("deferred", "00000ABC", O_WRONLY | O_CREAT, 0700);
    assert_true(fd >= 0);
    close(fd);
    fd = queue_open("incoming", "00002ABC", O_WRONLY | O_CREAT, 0600); /* not complete */
    assert_true(fd >= 0);
    close(fd);
    assert_int_equal(settle(-1), 1);
    assert_false(queue_has("incoming", "00000ABC"));
    assert_true(queue_has("incoming", "00002ABC"));
}

static void a_new_writer_leaves_what_a_dead_one_left(void **state)
{
    (void) state;
    in_dying_writer(write_three);
    struct journal *j = open_journal();
    assert_int_equal(journal_slot(j), 2);
    assert_int_equal(settle(-1), 2);
    journal_close(j);
}

static int scanned;
static void count_scanned(void *arg, const char *queue_id, const struct location *where)
{
    struct message_bytes m;
    struct str why = {0};

    (void) arg;
    assert_true(message_open(queue_id, where, &m, &why));
    assert_int_equal(done_recipients(m.bytes, m.n), scanned);
    message_close(&m);
    scanned++;
}

static void others_see_living_and_dead(void **state)
{
    struct location where;
    struct str path = {0};

    (void) state;
    in_dying_writer(write_three);
    scanned = 0;
    journal_scan(count_scanned, NULL);
    assert_int_equal(scanned, 2);
    assert_true(journal_find("00002ABC", &where, &path));
    assert_string_equal(where.path, "journal/1/000001");
    assert_false(journal_find("00001ABC", &where, &path)); /* done */
    str_done(&path);
}

/* --- damage: on a copy of what a dead writer left --- */

static struct str copy;
static const char segment[] = "journal/1/000001";

static void read_segment(void)
{
    struct stat st;
    int fd = open(segment, O_RDONLY);

    assert_int_equal(fstat(fd, &st), 0);
    str_clear(&copy);
    assert_int_equal(read(fd, str_grow(&copy, (size_t) st.st_size), (size_t) st.st_size), st.st_size);
    close(fd);
}

static void write_segment(void)
{
    int fd = open(segment, O_WRONLY);

    assert_int_equal(write(fd, copy.data, copy.len), copy.len);
    close(fd);
}

static void clean_queues(void)
{
    assert_int_equal(system("rm -f incoming/* corrupt/*"), 0);
}

static void write_two_batches(struct journal *j)
{
    append(j, 1000);
    append(j, 1000);
    journal_commit(j);
    append(j, 100);
    append(j, 100);
    journal_commit(j);
}

/* The last batch cut at every byte, then zeros as in a new segment: the first batch is whole, and
 * of the second what is whole is taken and nothing is called damaged. */
static void torn_tail_at_every_byte(void **state)
{
    struct entry_header e;
    uint64_t second = 2 * ENTRY_BLOCK, third;

    (void) state;
    in_dying_writer(write_two_batches);
    read_segment();
    assert_true(entry_at(copy.data, copy.len, second, 0, &e));
    third = entry_end(second, e.length);
    struct str whole = copy;
    copy = (struct str){0};
    for (uint64_t cut = second; cut <= entry_end(third, e.length); cut++) {
        str_clear(&copy);
        str_add(&copy, whole.data, (size_t) cut);
        memset(str_grow(&copy, whole.len - (size_t) cut), 0, whole.len - (size_t) cut);
        write_segment();
        clean_queues();
        int want = 2 + (cut >= second + sizeof(e) + e.length) + (cut >= third + sizeof(e) + e.length);
        /* A payload that ends with zeros is whole before its last byte is written. */
        long got = settle(1);
        if (got != want && got != want + 1)
            fail_msg("cut at %lu: %ld messages, want %d", (unsigned long) cut, got, want);
        assert_int_equal(count_files("corrupt"), 0);
    }
    str_done(&whole);
    str_done(&copy);
}

/* A hole in a batch that was never synced is no damage; one in an acknowledged batch is. */
static void damage_in_the_middle(void **state)
{
    struct entry_header e;

    (void) state;
    in_dying_writer(write_two_batches);
    read_segment();
    assert_true(entry_at(copy.data, copy.len, ENTRY_BLOCK, 0, &e));
    struct str whole = copy;
    copy = (struct str){0};
    str_add(&copy, whole.data, whole.len);
    copy.data[ENTRY_BLOCK + sizeof(e) + 200] ^= 1; /* the first message's text */
    write_segment();
    assert_int_equal(settle(1), 3);
    assert_false(queue_has("incoming", "00000ABC"));
    assert_int_equal(count_files("corrupt"), 1);

    clean_queues();
    copy.data[ENTRY_BLOCK + sizeof(e) + 200] ^= 1;
    copy.data[2 * ENTRY_BLOCK + 8] ^= 1; /* the third one's header, in the last batch */
    write_segment();
    assert_int_equal(settle(1), 3);
    assert_false(queue_has("incoming", "00002ABC"));
    assert_int_equal(count_files("corrupt"), 0);

    clean_queues();
    memcpy(copy.data, whole.data, whole.len);
    memset(copy.data, 0xff, ENTRY_BLOCK); /* the segment's header */
    write_segment();
    assert_int_equal(settle(1), 4);
    str_done(&whole);
    str_done(&copy);
}

/* Bytes in a message that look like an entry are not one. */
static void write_forged(struct journal *j)
{
    struct str forged = {0};
    struct entry_header e = {.type = ENTRY_MESSAGE, .length = 20, .stamp = 1, .seq = 100, .generation = 1};

    fixture_message(&image, 2, 0);
    strcpy(e.queue_id, "F0RGED");
    entry_seal(&e, image.data);
    str_add(&forged, "1234567", 7);
    while (forged.len % ENTRY_ALIGN != 0)
        str_addc(&forged, 'x');
    str_add(&forged, (const char *) &e, sizeof(e));
    str_add(&forged, image.data, image.len);
    journal_append(j, id_of(0), forged.data, forged.len, note, NULL);
    journal_commit(j);
    appended = 1;
    append(j, 100);
    journal_commit(j);
}

static void forged_entries_are_not_believed(void **state)
{
    (void) state;
    in_dying_writer(write_forged);
    read_segment();
    copy.data[ENTRY_BLOCK + 8] ^= 1;
    write_segment();
    assert_int_equal(settle(1), 1);
    assert_false(queue_has("incoming", "F0RGED"));
    str_done(&copy);
}

/* A power cut while a segment is begun anew: the header is still the old one, the first entries are
 * overwritten, and behind them lie old messages whose marks are gone. They were done. */
static void write_into_second(struct journal *j)
{
    for (int in_second = 0; in_second < 5;) {
        append(j, 1000);
        journal_commit(j);
        in_second += strcmp(told[told_count - 1].path, "journal/1/000002") == 0;
        if (told_count > 1)
            journal_mark_done(j, told[told_count - 2].seq);
    }
}

static void old_messages_do_not_return(void **state)
{
    (void) state;
    in_dying_writer(write_into_second);
    read_segment();
    memset(copy.data + ENTRY_BLOCK, 0, 20 * 1000);
    write_segment();
    assert_int_equal(settle(1), 2); /* the last, and the one whose mark was still to be written */
    assert_int_equal(count_files("corrupt"), 0);
    str_done(&copy);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
#define TEST(name) cmocka_unit_test_setup_teardown(name, begin, fixture_end)
        TEST(message_is_where_it_was_told),
        TEST(writers_have_slots_of_their_own),
        TEST(recipients_are_marked_in_place),
        TEST(segments_are_used_again),
        TEST(the_next_segment_is_made_ahead),
        TEST(a_message_that_stays_is_not_overwritten),
        TEST(larger_than_a_segment_in_one_turn),
        TEST(too_large_is_refused),
        TEST(no_room_is_refused),
        TEST(a_failed_write_is_refused),
        TEST(live_messages_in_order),
        TEST(dead_writers_messages_become_files),
        TEST(what_is_a_file_already_stays),
        TEST(a_new_writer_leaves_what_a_dead_one_left),
        TEST(others_see_living_and_dead),
        TEST(torn_tail_at_every_byte),
        TEST(damage_in_the_middle),
        TEST(forged_entries_are_not_believed),
        TEST(old_messages_do_not_return),
    };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    str_done(&image);
    return failed;
}
