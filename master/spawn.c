#include "master/spawn.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "daemon/logging.h"
#include "master/listen.h"

static void add(struct vec *argv, const char *text)
{
    vec_add(argv, (void *) text);
}

/* The words of the command line, in the order that ps(1) readers know. */
static void build_arguments(const struct service *s, int number, struct vec *argv)
{
    const struct master_service *line = s->line;
    const char *program = line->command;

    add(argv, program);
    if (line->process_limit == 1)
        add(argv, "-l");
    if (line->process_limit == 0)
        add(argv, "-z");
    if (strcmp(program, line->name) != 0) {
        add(argv, "-n");
        add(argv, line->name);
    }
    add(argv, "-t");
    add(argv, master_cf_type_name(master_listen_type(s)));
    for (int i = 0; i < log_verbose; i++)
        add(argv, "-v");
    if (line->is_unprivileged)
        add(argv, "-u");
    if (line->is_chroot)
        add(argv, "-c");
    if (master_service_adapts_to_stress(s)) {
        add(argv, "-o");
        add(argv, s->is_stressed ? "stress=yes" : "stress=");
    }
    add(argv, "-s");
    add(argv, mem_printf("%d", s->listen_count));
    add(argv, "-w");
    add(argv, mem_printf("%d", number));
    for (size_t i = 0; i < line->argv.count; i++)
        add(argv, line->argv.items[i]);
    vec_add(argv, NULL);
}

/* Put each descriptor where the worker expects it. All sources are above the targets, see
 * service.c, so none is overwritten before it was copied. */
static bool place_descriptors(const struct service *s)
{
    bool ok = dup2(s->share_fd, SHARE_FD) >= 0 && dup2(s->status_pipe[1], STATUS_FD) >= 0;

    for (int i = 0; ok && i < s->listen_count; i++)
        ok = dup2(s->listen_fds[i], FIRST_LISTEN_FD + i) >= 0;
    return ok;
}

static void take_default_signals(void)
{
    sigset_t blocked;

    for (int sig = 1; sig < 32; sig++)
        signal(sig, SIG_DFL);
    /* A reload while it starts must not end it: it takes the signal once it can (worker_run). */
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGHUP);
    sigprocmask(SIG_SETMASK, &blocked, NULL);
}

static void NORETURN run(struct service *s, int number)
{
    struct vec argv = {0};

    take_default_signals();
    bool is_placed = place_descriptors(s);
    setenv("GENERATION", mem_printf("%o", master_generation), 1);
    build_arguments(s, number, &argv);
    if (is_placed)
        execv(s->path, (char **) argv.items);
    int cause = errno;
    logging_reopen_file(); /* one of the worker's may be where its descriptor was */
    logging_open("master", LOGGING_MASTER); /* the line has our process id */
    fatal("master_spawn: exec %s: %s", s->path, strerror(cause));
}

/* Signals wait until the child has given up master's handlers: these would swallow its SIGTERM. */
pid_t master_spawn_worker(struct service *s, int number)
{
    sigset_t all, before;

    log_flush();
    sigfillset(&all);
    sigprocmask(SIG_SETMASK, &all, &before);
    pid_t pid = fork();
    if (pid == 0)
        run(s, number);
    sigprocmask(SIG_SETMASK, &before, NULL);
    if (pid < 0)
        log_warn("fork: %m");
    return pid;
}
