#include "daemon/crash.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/str.h"
#include "tests/unit/test.h"

/* Exported, so that the trace can name them. */
void crash_test_by_pointer(volatile int *nowhere);
void crash_test_by_panic(volatile int *nowhere);
void crash_test_by_recursion(volatile int *nowhere);

void crash_test_by_pointer(volatile int *nowhere)
{
    *nowhere = 1;
}

void crash_test_by_panic(volatile int *nowhere)
{
    if (nowhere == NULL)
        panic("as the test wants it");
}

void crash_test_by_recursion(volatile int *nowhere)
{
    volatile char much[1024] = {0};

    if (much[0] == 0)
        crash_test_by_recursion(nowhere);
    much[1] = much[0]; /* no tail call */
}

static const struct {
    const char *what;
    void (*crash)(volatile int *nowhere);
    int signal;
    const char *logged[3];
} cases[] = {
    {"a null pointer", crash_test_by_pointer, SIGSEGV, {"crash: signal 11, active functions:", "crash_test_by_pointer"}},
    {"a panic", crash_test_by_panic, SIGABRT, {"panic: as the test wants it", "crash: signal 6"}},
    {"an endless recursion", crash_test_by_recursion, SIGSEGV, {"crash: signal 11", "crash_test_by_recursion"}},
};

static void to_pipe(void *context, const struct log_line *lines, size_t count)
{
    int fd = *(int *) context;

    for (size_t i = 0; i < count; i++)
        if (write(fd, lines[i].text, lines[i].len) < 0 || write(fd, "\n", 1) < 0)
            _exit(2);
}

static void run_child(size_t i, int fd)
{
    const struct rlimit stack = {256 * 1024, 256 * 1024}, no_core = {0, 0};

    setrlimit(RLIMIT_STACK, &stack);
    setrlimit(RLIMIT_CORE, &no_core);
    close(STDERR_FILENO);
    log_add_sink(to_pipe, &fd);
    crash_report();
    cases[i].crash(NULL);
    _exit(1);
}

static void a_crash_is_reported_and_still_one(void **state)
{
    (void) state;
#ifdef __SANITIZE_ADDRESS__
    skip();
#endif
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        int fds[2], status;
        struct str text = {0};
        char buffer[4096];
        assert_int_equal(pipe(fds), 0);
        pid_t pid = fork();
        if (pid == 0)
            run_child(i, fds[1]);
        close(fds[1]);
        for (ssize_t n; (n = read(fds[0], buffer, sizeof(buffer))) > 0;)
            str_add(&text, buffer, (size_t) n);
        close(fds[0]);
        waitpid(pid, &status, 0);
        if (!WIFSIGNALED(status) || WTERMSIG(status) != cases[i].signal)
            fail_msg("%s: status %x\n%s", cases[i].what, (unsigned) status, str_text(&text));
        for (size_t j = 0; j < ARRAY_SIZE(cases[i].logged) && cases[i].logged[j] != NULL; j++)
            if (strstr(str_text(&text), cases[i].logged[j]) == NULL)
                fail_msg("%s: no \"%s\" in\n%s", cases[i].what, cases[i].logged[j], str_text(&text));
        str_done(&text);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(a_crash_is_reported_and_still_one)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
