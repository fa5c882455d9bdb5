#include "mail/postdrop_client.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stream.h"
#include "config/config.h"
#include "config/environment.h"
#include "ipc/attr.h"
#include "ipc/attr_stream.h"
#include "mail/cleanup_client.h"
#include "queue/record.h"

#define SAFE_PATH "PATH=/usr/bin:/bin"

enum { ANSWER_MAX = 64 * 1024 };

struct postdrop {
    struct stream stream; /* its standard input and output */
    pid_t pid;
    struct str record, answer;
    char *queue_id;
};

/* --- starting it --- */

struct program {
    struct arena arena;
    char *path;
    struct vec argv, environment; /* both end in NULL */
};

static void describe(struct program *p)
{
    p->path = arena_printf(&p->arena, "%s/postdrop", conf.command_directory);
    vec_add(&p->argv, p->path);
    vec_add(&p->argv, "-r");
    for (int i = 0; i < log_verbose; i++)
        vec_add(&p->argv, "-v");
    vec_add(&p->argv, NULL);
    environment_list(&p->arena, "export_environment", conf.export_environment, &p->environment);
    environment_set(&p->arena, &p->environment, SAFE_PATH);
    environment_set(&p->arena, &p->environment, arena_printf(&p->arena, "MAIL_CONFIG=%s", config_dir()));
    vec_add(&p->environment, NULL);
}

static void forget(struct program *p)
{
    vec_done(&p->argv, NULL);
    vec_done(&p->environment, NULL);
    arena_done(&p->arena);
}

static void run(const struct program *p, int fd) NORETURN;
static void run(const struct program *p, int fd)
{
    sigset_t none;

    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    signal(SIGPIPE, SIG_DFL);
    if (dup2(fd, STDIN_FILENO) < 0 || dup2(fd, STDOUT_FILENO) < 0)
        _exit(127);
    execve(p->path, (char *const *) p->argv.items, (char *const *) p->environment.items);
    log_warn("execvp %s: %m", p->path);
    log_flush();
    _exit(127);
}

/* A child on a socket; the other end, or -1. */
static int start(pid_t *pid)
{
    struct program program = {0};
    int ends[2];

    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
        return -1;
    describe(&program);
    *pid = fork();
    if (*pid == 0)
        run(&program, ends[1]);
    int cause = errno;
    forget(&program);
    close(ends[1]);
    if (*pid > 0)
        return ends[0];
    close(ends[0]);
    errno = cause;
    return -1;
}

const char *postdrop_command(void)
{
    static struct str text;

    str_setf(&text, "%s/postdrop -r", conf.command_directory);
    for (int i = 0; i < log_verbose; i++)
        str_adds(&text, " -v");
    return str_text(&text);
}

/* --- ending it --- */

static void reap(struct postdrop *p, bool is_told)
{
    int status;

    stream_done(&p->stream);
    while (waitpid(p->pid, &status, 0) < 0)
        if (errno != EINTR)
            return;
    if (!is_told || status == 0)
        return;
    if (WIFSIGNALED(status))
        log_warn("command \"%s\" killed by signal %d", postdrop_command(), WTERMSIG(status));
    else
        log_warn("command \"%s\" exited with status %d", postdrop_command(), WEXITSTATUS(status));
}

static void release(struct postdrop *p)
{
    str_done(&p->record);
    str_done(&p->answer);
    mem_free(p->queue_id);
    mem_free(p);
}

/* --- the conversation --- */

static bool read_list(struct postdrop *p, struct attrs *list)
{
    if (!attr_stream_read(&p->stream, &p->answer, ANSWER_MAX))
        return false;
    const char *cursor = str_text(&p->answer);
    return attrs_parse(&cursor, cursor + p->answer.len, list);
}

static bool read_greeting(struct postdrop *p)
{
    struct attrs list;

    if (!read_list(p, &list))
        return false;
    const char *id = attrs_text(&list, "queue_id", "");
    if (strcmp(attrs_text(&list, "protocol", ""), "postdrop_protocol") != 0 || *id == 0)
        return false;
    p->queue_id = mem_strdup(id);
    return true;
}

struct postdrop *postdrop_open(void)
{
    struct postdrop *p = mem_zalloc(sizeof(*p));
    int fd = start(&p->pid);

    if (fd < 0) {
        log_warn("start %s: %m", postdrop_command());
        mem_free(p);
        return NULL;
    }
    stream_init(&p->stream, fd, NEVER);
    if (read_greeting(p))
        return p;
    reap(p, true);
    release(p);
    return NULL;
}

const char *postdrop_queue_id(const struct postdrop *p)
{
    return p->queue_id;
}

bool postdrop_add(struct postdrop *p, int type, const char *payload, size_t n)
{
    str_clear(&p->record);
    record_add(&p->record, type, payload, n);
    stream_add(&p->stream, p->record.data, p->record.len);
    return stream_error(&p->stream) == STREAM_OK;
}

bool postdrop_adds(struct postdrop *p, int type, const char *text)
{
    return postdrop_add(p, type, text, strlen(text));
}

bool postdrop_add_attr(struct postdrop *p, const char *name, const char *value)
{
    str_clear(&p->record);
    record_add_attr(&p->record, name, value);
    stream_add(&p->stream, str_text(&p->record), p->record.len);
    return stream_error(&p->stream) == STREAM_OK;
}

/* postdrop that refuses a message says why and ends, whether or not we have written all of it: its
 * answer is in the socket even where writing has failed. */
int postdrop_commit(struct postdrop *p, struct str *reason)
{
    struct attrs list;
    int status = CLEANUP_STAT_WRITE;

    stream_flush(&p->stream);
    p->stream.error = STREAM_OK;
    str_clear(reason);
    bool is_answered = read_list(p, &list);
    if (is_answered) {
        status = (int) attrs_long(&list, "status", CLEANUP_STAT_BAD);
        str_set(reason, attrs_text(&list, "reason", ""));
    }
    reap(p, !is_answered);
    release(p);
    return status;
}

void postdrop_cancel(struct postdrop *p)
{
    if (p == NULL)
        return;
    reap(p, false);
    release(p);
}
