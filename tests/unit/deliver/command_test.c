/* Real commands, run by a task as nobody (as root), or as ourselves. */
#include "deliver/command.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/loop.h"
#include "config/config.h"
#include "tests/unit/test.h"

static const struct test_case {
    const char *what, *line;   /* "argv:": its words are executed as they are */
    enum command_result want;
    const char *status, *text; /* of a success what it printed, else the reason */
} cases[] = {
    {"nothing to say", "cat >/dev/null", COMMAND_DONE, "2.0.0", ""},
    {"the message comes in", "cat", COMMAND_DONE, "2.0.0", "From: a  the message"},
    {"does not read", "/bin/true", COMMAND_DONE, "2.0.0", ""},
    {"prints lines", "echo one; echo two", COMMAND_DONE, "2.0.0", "one two"},
    {"success takes no status", "echo 4.2.2 full", COMMAND_DONE, "2.0.0", "4.2.2 full"},
    {"unknown user", "exit 67", COMMAND_FAILED, "5.1.1", "user unknown"},
    {"try again", "exit 75", COMMAND_FAILED, "4.3.0", "temporary failure"},
    {"sysexits and output", "echo no space; exit 71", COMMAND_FAILED, "4.3.0",
        "system resource problem. Command output: no space "},
    {"any other status", "exit 3", COMMAND_FAILED, "5.3.0", "Command died with status 3: \"exit 3\""},
    {"status and output", "echo why; exit 1", COMMAND_FAILED, "5.3.0",
        "Command died with status 1: \"echo why; exit 1\". Command output: why "},
    {"its own status", "echo 4.2.2 over quota; exit 1", COMMAND_FAILED, "4.2.2", "over quota "},
    {"against sysexits", "echo '5.7.1 go away'; exit 75", COMMAND_FAILED, "5.7.1", "go away "},
    {"status without text", "echo 4.2.2; exit 1", COMMAND_FAILED, "4.2.2", ""},
    {"not a status", "echo 4.2.2x; exit 75", COMMAND_FAILED, "4.3.0", "temporary failure. Command output: 4.2.2x "},
    {"status not in front", "echo a; echo 4.2.2 x; exit 1", COMMAND_FAILED, "5.3.0",
        "Command died with status 1: \"echo a; echo 4.2.2 x; exit 1\". Command output: a 4.2.2 x "},
    {"a success claimed", "echo 2.0.0 fine; exit 1", COMMAND_FAILED, "5.0.0", "fine "},
    {"killed", "kill -15 $$", COMMAND_FAILED, "4.3.0", "Command died with signal 15: \"kill -15 $$\""},
    {"status does not help the killed", "echo 5.1.1 x; kill -9 $$", COMMAND_FAILED, "4.3.0",
        "Command died with signal 9: \"echo 5.1.1 x; kill -9 $$\". Command output: 5.1.1 x "},
    {"control characters", "printf 'a\\033b\\tc\\r\\303\\251'; exit 69", COMMAND_FAILED, "5.3.0",
        "service unavailable. Command output: a_b c_\303\251"},
    {"not UTF-8", "printf '\\377x'; exit 69", COMMAND_FAILED, "5.3.0", "service unavailable. Command output: _x"},
    {"output ends at a NUL", "printf 'ab\\000cd'; exit 69", COMMAND_FAILED, "5.3.0",
        "service unavailable. Command output: ab"},
    {"no such file", "/nonexistent/x a", COMMAND_FAILED, "4.3.0",
        "temporary failure. Command output: command_test: fatal: execvp /nonexistent/x: No such file or directory "},
    {"no such word: a shell says so", "nonexistent-x a", COMMAND_FAILED, "5.3.0",
        "Command died with status 127: \"nonexistent-x a\". Command output: sh: 1: nonexistent-x: not found "},
    {"a word that only a shell knows", "exit", COMMAND_DONE, "2.0.0", ""},
    {"arguments as they are", "argv:/bin/echo $HOME ; *", COMMAND_DONE, "2.0.0", "$HOME ; *"},
    {"no such program", "argv:/nonexistent/x $", COMMAND_FAILED, "4.3.0",
        "temporary failure. Command output: command_test: fatal: pipe_command: execvp /nonexistent/x: "
        "No such file or directory "},
    {"never ends", "sleep 1000", COMMAND_FAILED, "5.3.0", "Command time limit exceeded: \"sleep 1000\""},
    {"output before that", "echo hi; sleep 1000", COMMAND_FAILED, "5.3.0",
        "Command time limit exceeded: \"echo hi; sleep 1000\". Command output: hi "},
    {"leaves somebody behind", "sleep 1000 & exit 0", COMMAND_FAILED, "5.3.0",
        "Command time limit exceeded: \"sleep 1000 & exit 0\""},
    {"environment", "env | sort", COMMAND_DONE, "2.0.0", "A=b PATH=/usr/bin:/bin PWD=/ TZ=UTC X=y z"},
    {"three descriptors", "ls /proc/self/fd | wc -l", COMMAND_DONE, "2.0.0", "4"},
    {"leader of its session", "test $(ps -o sid= -p $$) = $$ && echo yes", COMMAND_DONE, "2.0.0", "yes"},
    /* 1 to 28; 32 and 33 are the C library's own, and whoever started the tests may have left them ignored */
    {"signals are as usual", "sed -n 's/^SigIgn:.*\\(.......\\)$/\\1/p' /proc/self/status", COMMAND_DONE, "2.0.0",
        "0000000"},
    {"nobody's groups", "id -G", COMMAND_DONE, "2.0.0", NULL},
};

static bool send_text(void *context, int fd, msec deadline)
{
    const char *text = context;

    return io_write_all(fd, text, strlen(text), deadline) == 0;
}

static const char *const additions[] = {"X=y z", "PWD=/", NULL};

static struct command base(const char *message)
{
    return (struct command){
        .program = {.uid = geteuid() == 0 ? 65534 : geteuid(), .gid = geteuid() == 0 ? 65534 : getegid(),
            .directory = "/", .environment = additions},
        .time_limit_s = 1, .send = send_text, .context = (void *) message};
}

static void check(const struct test_case *t, struct command *c, struct command_outcome *o)
{
    enum command_result got = command_run(c, o);
    const char *text = got == COMMAND_DONE ? str_text(&o->output) : o->dsn.reason;

    if (got != t->want || strcmp(o->dsn.status, t->status) != 0 || (t->text != NULL && strcmp(text, t->text) != 0))
        fail_msg("%s: result %d, %s, \"%s\"", t->what, (int) got, o->dsn.status, text);
    command_outcome_done(o);
}

static void run_cases(void *arg)
{
    const char *argv[8];

    (void) arg;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct command c = base("From: a\n\nthe message\n");
        struct command_outcome o = {0};
        char copy[200];
        size_t n = 0;
        c.program.line = cases[i].line;
        if (strncmp(cases[i].line, "argv:", 5) == 0) {
            snprintf(copy, sizeof(copy), "%s", cases[i].line + 5);
            for (char *word = strtok(copy, " "); word != NULL; word = strtok(NULL, " "))
                argv[n++] = word;
            argv[n] = NULL;
            c.program.line = NULL;
            c.program.argv = argv;
            c.program.caller = "pipe_command";
        }
        check(&cases[i], &c, &o);
    }
    loop_stop();
}

static void ends_of_commands(void **state)
{
    (void) state;
    task_start(run_cases, NULL);
    loop_run();
}

/* More output than a pipe holds, before any of the input is read, which is more than a pipe holds, too. */
static void run_both_full(void *arg)
{
    struct command c = base(arg);
    struct command_outcome o = {0};

    c.time_limit_s = 20;
    c.program.line = "head -c 300000 /dev/zero | tr '\\0' x; wc -c; exit 69";
    assert_int_equal(command_run(&c, &o), COMMAND_FAILED);
    assert_string_equal(o.status, "5.3.0");
    assert_int_equal(o.output.len, COMMAND_OUTPUT_MAX);
    assert_string_equal(o.dsn.diag_type, "x-unix");
    assert_string_equal(o.dsn.diag_text, str_text(&o.output));
    command_outcome_done(&o);
    loop_stop();
}

static void output_and_input_at_once(void **state)
{
    struct str text = {0};

    (void) state;
    memset(str_grow(&text, 1000 * 1000), 'm', 1000 * 1000);
    task_start(run_both_full, text.data);
    loop_run();
    str_done(&text);
}

static bool send_damaged(void *context, int fd, msec deadline)
{
    io_write_all(fd, "half", 4, deadline);
    *(bool *) context = true;
    errno = EBADMSG;
    return false;
}

static bool send_failing(void *context, int fd, msec deadline)
{
    send_damaged(context, fd, deadline);
    errno = EIO;
    return false;
}

static void run_bad_messages(void *arg)
{
    struct command c = base("");
    struct command_outcome o = {0};
    bool was_called = false;

    (void) arg;
    c.context = &was_called;
    c.send = send_damaged;
    c.program.line = "sleep 1000";
    c.time_limit_s = 1000;
    assert_int_equal(command_run(&c, &o), COMMAND_CORRUPT);
    assert_true(was_called);
    command_outcome_done(&o);
    memset(&o, 0, sizeof(o));
    c.send = send_failing;
    c.program.line = "cat >/dev/null";
    assert_int_equal(command_run(&c, &o), COMMAND_FAILED); /* whatever the command thinks of its half */
    assert_string_equal(o.dsn.status, "4.3.0");
    command_outcome_done(&o);
    loop_stop();
}

static void message_not_all_there(void **state)
{
    (void) state;
    task_start(run_bad_messages, NULL);
    loop_run();
}

/* Each in front of what the shell gets. */
static void run_shell(void *arg)
{
    static const struct {
        const char *shell, *directory, *want;
    } shells[] = {
        {"/bin/echo run it with", "/", "run it with the line; *"},
        {"  ", "/", "sh: 1: the: not found"},
        {"/bin/echo", "/nonexistent", ""},
    };

    (void) arg;
    for (size_t i = 0; i < ARRAY_SIZE(shells); i++) {
        struct command c = base("");
        struct command_outcome o = {0};
        c.program.line = "the line; *";
        c.program.shell = shells[i].shell;
        c.program.directory = shells[i].directory;
        command_run(&c, &o);
        assert_memory_equal(str_text(&o.output), shells[i].want, strlen(shells[i].want));
        command_outcome_done(&o);
    }
    loop_stop();
}

static void shells_and_directories(void **state)
{
    (void) state;
    task_start(run_shell, NULL);
    loop_run();
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(ends_of_commands),
        cmocka_unit_test(output_and_input_at_once),
        cmocka_unit_test(message_not_all_there),
        cmocka_unit_test(shells_and_directories),
    };

    conf.export_environment = "TZ=UTC {A = b}";
    log_set_tag("postfix/command_test");
    return cmocka_run_group_tests(tests, NULL, NULL);
}
