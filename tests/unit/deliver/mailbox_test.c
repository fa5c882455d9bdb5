/* Locks are held by another process, as a mail reader would hold them. */
#include "deliver/mailbox.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <utime.h>

#include "base/file.h"
#include "tests/unit/deliver/message.h"

static struct mailbox box_with(unsigned locks)
{
    return (struct mailbox){.path = "box", .uid = geteuid(), .gid = getegid(), .owner = (uid_t) -1,
        .owner_group = (gid_t) -1, .locks = locks};
}

static void test_styles(void **state)
{
    (void) state;
    assert_int_equal(mailbox_lock_styles("x", "fcntl, dotlock"), MAILBOX_FCNTL | MAILBOX_DOTLOCK);
    assert_int_equal(mailbox_lock_styles("x", "FLOCK"), MAILBOX_FLOCK);
}

/* Deliver once; true: it went well. */
static bool deliver(unsigned locks, struct str *reason, char status[DSN_STATUS_SIZE])
{
    struct str bytes = {0};

    add_content(&bytes, (const char *[]){"A: b", "", "text", NULL});
    struct copy c = copy_of(&bytes, COPY_QUOTE_FROM | COPY_EMPTY_LINE);
    struct mailbox m = box_with(locks);
    bool ok = mailbox_open(&m, &c) && mailbox_append(&m, &c, geteuid(), getegid());
    mailbox_close(&m);
    assert_int_not_equal(access("box.lock", F_OK), ok ? 0 : 1);
    if (reason != NULL)
        str_set(reason, str_text(&c.reason));
    if (status != NULL)
        strcpy(status, c.status);
    str_done(&c.reason);
    str_done(&bytes);
    return ok;
}

static void assert_box(const char *want)
{
    struct str text = {0}, why = {0};

    assert_true(file_read("box", &text, &why));
    assert_string_equal(str_text(&text), want);
    str_done(&text);
}

static void test_appends(void **state)
{
    (void) state;
    unlink("box");
    assert_true(deliver(MAILBOX_FLOCK | MAILBOX_FCNTL | MAILBOX_DOTLOCK, NULL, NULL));
    assert_true(deliver(MAILBOX_DOTLOCK, NULL, NULL));
    assert_box("A: b\n\ntext\n\nA: b\n\ntext\n\n");
}

/* A process that has the lock until it is killed. */
static pid_t hold(unsigned style)
{
    int ready[2];
    char c;

    assert_int_equal(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        struct flock whole = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
        int fd = open("box", O_RDWR | O_CREAT, 0600);
        if (style == MAILBOX_FLOCK ? flock(fd, LOCK_EX) == 0 : fcntl(fd, F_SETLK, &whole) == 0)
            (void) !write(ready[1], "", 1);
        pause();
    }
    assert_int_equal(read(ready[0], &c, 1), 1);
    close(ready[0]);
    close(ready[1]);
    return pid;
}

static void test_waits_for_locks(void **state)
{
    static const unsigned styles[] = {MAILBOX_FLOCK, MAILBOX_FCNTL};
    struct str reason = {0};
    char status[DSN_STATUS_SIZE];

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(styles); i++) {
        unlink("box");
        pid_t pid = hold(styles[i]);
        assert_false(deliver(styles[i], &reason, status));
        assert_string_equal(str_text(&reason),
            "unable to lock for exclusive access: Resource temporarily unavailable");
        assert_string_equal(status, "4.2.0");
        kill(pid, SIGKILL);
        waitpid(pid, NULL, 0);
        assert_true(deliver(styles[i], NULL, NULL));
        assert_box("A: b\n\ntext\n\n");
    }
    str_done(&reason);
}

static void test_lock_files(void **state)
{
    struct str reason = {0};
    char status[DSN_STATUS_SIZE];

    (void) state;
    unlink("box");
    close(open("box.lock", O_WRONLY | O_CREAT, 0));
    assert_false(deliver(MAILBOX_DOTLOCK, &reason, status));
    assert_string_equal(str_text(&reason), "unable to create lock file box.lock: File exists");
    assert_string_equal(status, "4.2.0");
    assert_false(deliver(MAILBOX_DOTLOCK | MAILBOX_DOTLOCK_IF_POSSIBLE, NULL, NULL));
    assert_int_equal(access("box.lock", F_OK), 0); /* it is not ours to remove */
    conf.stale_lock_time = -1;
    assert_true(deliver(MAILBOX_DOTLOCK, NULL, NULL));
    conf.stale_lock_time = 500;
    assert_int_not_equal(access("box.lock", F_OK), 0);
    str_done(&reason);
}

static void test_lock_file_not_possible(void **state)
{
    struct str bytes = {0};
    struct copy c = copy_of(&bytes, 0);
    struct mailbox m = box_with(MAILBOX_DOTLOCK);

    (void) state;
    m.path = "none/box";
    assert_false(mailbox_open(&m, &c));
    assert_string_equal(str_text(&c.reason), "unable to create lock file none/box.lock: No such file or directory");
    mailbox_close(&m);
    m.locks |= MAILBOX_DOTLOCK_IF_POSSIBLE;
    assert_false(mailbox_open(&m, &c));
    assert_string_equal(str_text(&c.reason), "cannot create file exclusively: No such file or directory");
    mailbox_close(&m);
    str_done(&c.reason);
}

/* In a process of its own, which has the limit for good. */
static void test_limit(void **state)
{
    int status;

    (void) state;
    unlink("box");
    assert_true(deliver(0, NULL, NULL));
    pid_t pid = fork();
    if (pid == 0) {
        struct str reason = {0};
        char code[DSN_STATUS_SIZE];
        mailbox_limit_size(20);
        _exit(deliver(0, &reason, code) ? 1 : strcmp(code, "5.2.2") != 0 ? 2
                : strcmp(str_text(&reason), "error writing message: File too large") != 0);
    }
    waitpid(pid, &status, 0);
    assert_int_equal(status, 0);
    assert_box("A: b\n\ntext\n\n"); /* what was written of it is cut off */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_styles),
        cmocka_unit_test(test_appends),
        cmocka_unit_test(test_waits_for_locks),
        cmocka_unit_test(test_lock_files),
        cmocka_unit_test(test_lock_file_not_possible),
        cmocka_unit_test(test_limit),
    };

    return cmocka_run_group_tests(tests, make_folder, remove_folder);
}
