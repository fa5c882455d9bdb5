#include "deliver/child.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <paths.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/task.h"
#include "base/words.h"
#include "config/config.h"
#include "config/environment.h"
#include "deliver/identity.h"

enum { KILL_WAIT_MS = 5000, LIKELY_FDS = 1024 };

struct child {
    pid_t pid;
    uid_t uid;
    gid_t gid;
    int end_fd;      /* readable when it has ended */
    int trouble_fd;  /* what it could not do before its program began */
    bool has_ended;  /* and was waited for, with this status */
    int status;
};

/* --- in the child: it takes no memory, and has no business with the log --- */

struct start {
    const struct child_program *p;
    char **argv, **shell_argv;   /* argv NULL: the shell at once */
    char **environment;
    int trouble_fd;
};

/* The parent logs it, see log_trouble(). */
static void give_up(const struct start *s, bool is_output_open, const char *format, ...) PRINTF(3, 4) NORETURN;
static void give_up(const struct start *s, bool is_output_open, const char *format, ...)
{
    const char *tag = strrchr(log_tag(), '/');
    char text[1024];
    va_list ap;

    va_start(ap, format);
    int n = vsnprintf(text, sizeof(text), format, ap);
    va_end(ap);
    if (n >= (int) sizeof(text))
        n = sizeof(text) - 1;
    if (n > 0 && write(s->trouble_fd, text, (size_t) n) == n && is_output_open && !s->p->is_service)
        dprintf(STDERR_FILENO, "%s: fatal: %s\n", tag != NULL ? tag + 1 : log_tag(), text);
    _exit(s->p->is_service ? 1 : EX_TEMPFAIL);
}

static void reset_signals(void)
{
    sigset_t none;

    for (int sig = 1; sig < NSIG; sig++)
        signal(sig, SIG_DFL);
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

static void change_identity(const struct start *s)
{
    const struct child_program *p = s->p;

    if (getuid() == 0 && seteuid(0) < 0) /* the agent lives as mail_owner, see identity.h */
        give_up(s, false, "seteuid(0): %s", strerror(errno));
    if (p->chroot_dir != NULL && (chroot(p->chroot_dir) < 0 || chdir("/") < 0))
        give_up(s, false, "chroot(%s): %s", p->chroot_dir, strerror(errno));
    if (geteuid() == 0) {
        if (setgroups(1, &p->gid) < 0)
            give_up(s, false, "setgroups(1, &%lu): %s", (unsigned long) p->gid, strerror(errno));
        if (setresgid(p->gid, p->gid, p->gid) < 0)
            give_up(s, false, "setgid(%lu): %s", (unsigned long) p->gid, strerror(errno));
        if (setresuid(p->uid, p->uid, p->uid) < 0)
            give_up(s, false, "setuid(%lu): %s", (unsigned long) p->uid, strerror(errno));
    }
    if (p->directory != NULL && chdir(p->directory) < 0)
        give_up(s, false, "cannot change directory to \"%s\" for uid=%lu gid=%lu: %s", p->directory,
            (unsigned long) p->uid, (unsigned long) p->gid, strerror(errno));
}

/* The sources may lie on one another's targets: first all go out of the way. */
static void place_descriptors(const struct start *s, const int fds[3])
{
    int high[3];

    for (int i = 0; i < 3; i++)
        if ((high[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, 3)) < 0)
            give_up(s, false, "dup: %s", strerror(errno));
    for (int i = 0; i < 3; i++)
        if (dup2(high[i], i) < 0)
            give_up(s, false, "dup2: %s", strerror(errno));
}

static void execute(const struct start *s)
{
    const char *caller = s->p->caller != NULL ? s->p->caller : "";
    extern char **environ;

    environ = s->environment; /* where execvp() takes PATH from */
    if (s->argv != NULL) {
        execvp(s->argv[0], s->argv);
        /* A word without a slash may be known to the shell alone. */
        if (s->shell_argv == NULL || errno != ENOENT || strchr(s->argv[0], '/') != NULL)
            give_up(s, true, "%s%sexecvp %s: %s", caller, *caller != 0 ? ": " : "", s->argv[0], strerror(errno));
    }
    execv(_PATH_BSHELL, s->shell_argv);
    give_up(s, true, "execvp %s: %s", _PATH_BSHELL, strerror(errno));
}

/* Most are so already. The loop is for Linux before 5.11. */
static void close_others_at_exec(void)
{
    if (close_range(3, ~0U, CLOSE_RANGE_CLOEXEC) == 0)
        return;
    for (int fd = 3; fd < LIKELY_FDS; fd++)
        fcntl(fd, F_SETFD, FD_CLOEXEC);
}

static void run(const struct start *s, const int fds[3])
{
    reset_signals();
    setsid();
    change_identity(s);
    place_descriptors(s, fds);
    close_others_at_exec();
    execute(s);
}

/* --- in the parent --- */

/* Would a shell do no more than take the line apart at its blanks? */
static bool is_plain(const char *line)
{
    static const char plain[] = " \t1234567890!@%-_=+:,./"
                                "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ";

    return line[strspn(line, plain)] == 0 && line[strspn(line, " \t")] != 0;
}

static char **words_of(struct arena *a, const char *text, const char *last)
{
    struct vec words = {0};

    words_split(a, text, WORDS_SPACE, &words);
    if (last != NULL)
        vec_add(&words, arena_strdup(a, last));
    vec_add(&words, NULL);
    char **copy = arena_alloc(a, words.count * sizeof(*copy));
    memcpy(copy, words.items, words.count * sizeof(*copy));
    vec_done(&words, NULL);
    return copy;
}

/* Its messages call it by this name. */
static char **shell_with(struct arena *a, const char *line)
{
    char **argv = arena_alloc(a, 4 * sizeof(*argv));

    argv[0] = "sh";
    argv[1] = "-c";
    argv[2] = arena_strdup(a, line);
    argv[3] = NULL;
    return argv;
}

static void prepare(struct arena *a, struct vec *environment, struct start *s)
{
    const struct child_program *p = s->p;

    environment_list(a, "export_environment", conf.export_environment, environment);
    environment_set(a, environment, "PATH=" _PATH_DEFPATH);
    for (size_t i = 0; p->environment != NULL && p->environment[i] != NULL; i++)
        environment_set(a, environment, p->environment[i]);
    vec_add(environment, NULL);
    s->environment = (char **) environment->items;
    if (p->argv != NULL)
        s->argv = (char **) p->argv;
    else if (p->shell != NULL && p->shell[strspn(p->shell, WORDS_SPACE)] != 0)
        s->argv = words_of(a, p->shell, p->line);
    else {
        if (is_plain(p->line))
            s->argv = words_of(a, p->line, NULL);
        s->shell_argv = shell_with(a, p->line);
    }
}

/* Our handlers would write to the loop's own descriptors, which both have: so none runs in between. */
static pid_t fork_with_signals_blocked(const struct start *s, const int fds[3])
{
    sigset_t all, before;

    log_flush();
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid_t pid = fork();
    int error = errno;
    if (pid == 0)
        run(s, fds);
    sigprocmask(SIG_SETMASK, &before, NULL);
    errno = error;
    return pid;
}

/* The machine may have no room for a process just now. */
static pid_t fork_patiently(const struct start *s, const int fds[3])
{
    pid_t pid;

    for (int tries = 1; (pid = fork_with_signals_blocked(s, fds)) < 0 && tries < conf.fork_attempts; tries++) {
        log_warn("fork: %m");
        task_sleep((msec) conf.fork_delay * 1000);
    }
    return pid;
}

struct child *child_start(const struct child_program *p, int in, int out, int err)
{
    struct arena memory = {0};
    struct vec environment = {0};
    struct start s = {.p = p};
    struct child *c = NULL;
    int trouble[2];

    if (p->uid == 0)
        panic("a command for root");
    if (pipe2(trouble, O_CLOEXEC | O_NONBLOCK) < 0)
        return NULL;
    prepare(&memory, &environment, &s);
    s.trouble_fd = trouble[1];
    pid_t pid = fork_patiently(&s, (const int[]){in, out, err});
    int error = errno;
    if (pid > 0) {
        c = mem_zalloc(sizeof(*c));
        *c = (struct child){.pid = pid, .uid = p->uid, .gid = p->gid, .trouble_fd = trouble[0]};
        c->end_fd = pidfd_open(pid, 0);
        if (c->end_fd < 0)
            fatal("pidfd_open: %m");
        io_own(c->end_fd);
    } else
        close(trouble[0]);
    close(trouble[1]);
    vec_done(&environment, NULL);
    arena_done(&memory);
    errno = error;
    return c;
}

/* The child says nothing unless it could not execute its program. */
static void log_trouble(struct child *c)
{
    char text[1024];
    ssize_t n = read(c->trouble_fd, text, sizeof(text) - 1);

    if (n > 0) {
        text[n] = 0;
        log_line(LOG_LINE_FATAL, text);
    }
}

enum wake child_wait(struct child *c, msec deadline, int *status)
{
    pid_t pid;

    while (!c->has_ended) {
        switch (io_wait(c->end_fd, IO_READ, deadline)) {
        case IO_TIMEOUT:
            return WAKE_TIMEOUT;
        case IO_CANCELLED:
            return WAKE_CANCELLED;
        case IO_READY:
            break;
        }
        pid = waitpid(c->pid, &c->status, WNOHANG);
        if (pid < 0)
            fatal("waitpid: %m");
        c->has_ended = pid > 0;
        if (c->has_ended)
            log_trouble(c);
    }
    *status = c->status;
    return WAKE_READY;
}

pid_t child_pid(const struct child *c)
{
    return c->pid;
}

/* The group as the user, who may kill all that he started, set-user-ID programs too, and nothing else. The child may
 * not have become that user yet. Until it was waited for, its number, which is its group's, is nobody else's. */
static void kill_group(struct child *c)
{
    if (c->has_ended)
        return;
    identity_take(c->uid, c->gid);
    kill(-c->pid, SIGKILL);
    identity_take(0, 0);
    kill(c->pid, SIGKILL);
    identity_drop();
}

void child_free(struct child *c)
{
    int status;

    if (c == NULL)
        return;
    kill_group(c);
    child_wait(c, clock_after(KILL_WAIT_MS), &status); /* else it waits for a device, and stays behind */
    io_close(c->end_fd);
    close(c->trouble_fd);
    mem_free(c);
}
