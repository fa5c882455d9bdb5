#include "daemon/daemon.h"

#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/task.h"
#include "config/config.h"
#include "daemon/crash.h"
#include "daemon/jail.h"
#include "daemon/logging.h"
#include "daemon/names.h"
#include "daemon/worker.h"
#include "table/proxy.h"

static const char *program_name, *service_name;

const char *daemon_service_name(void)
{
    return service_name;
}

const char *daemon_program_name(void)
{
    return program_name;
}

static struct {
    bool is_chroot, is_unprivileged, is_stdin, is_stderr;
    struct worker_options worker;
} options;

static const char *last_part(const char *path)
{
    const char *slash = strrchr(path, '/');

    return slash == NULL ? path : slash + 1;
}

static void override(char *text)
{
    const char *why;

    if (!config_parse_override(text, &why))
        fatal("invalid \"-o %s\" option value: %s", text, why);
}

/* The options that master gives, in Postfix's letters; -w: our number among the service's workers. */
static void read_options(int argc, char **argv)
{
    int c;

    while ((c = getopt(argc, argv, "+cdDi:lm:n:o:rs:St:uvVw:z")) > 0) {
        switch (c) {
        case 'c': options.is_chroot = true; break;
        case 'n': service_name = optarg; break;
        case 'o': override(optarg); break;
        case 's': options.worker.listener_count = atoi(optarg); break;
        case 'S': options.is_stdin = true; break;
        case 't':
            options.worker.is_fifo = strcmp(optarg, "fifo") == 0;
            options.worker.is_pass = strcmp(optarg, "pass") == 0;
            break;
        case 'u': options.is_unprivileged = true; break;
        case 'v': log_verbose++; break;
        case 'V': options.is_stderr = true; break;
        case 'w': options.worker.number = atoi(optarg); break;
        case 'd': case 'D': case 'l': case 'r': case 'z': case 'i': case 'm': break;
        default: fatal("usage: %s [-n service] [-o name=value] [-s listeners] [-S] [-c] [-u] [-v]", program_name);
        }
    }
}

static void run_stdin_session(void *arg)
{
    struct daemon_client c = {.fd = STDIN_FILENO, .is_stdin = true};
    const struct daemon_program *program = arg;

    program->session(&c);
    loop_stop();
}

static void allow_many_descriptors(void)
{
    struct rlimit limit;

    if (getrlimit(RLIMIT_NOFILE, &limit) < 0 || limit.rlim_cur == limit.rlim_max)
        return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

int daemon_main(int argc, char **argv, const struct daemon_program *program)
{
    const char *generation = getenv("GENERATION");

    program_name = last_part(argv[0]);
    service_name = program_name;
    log_set_tag(program_name);
    read_options(argc, argv);
    logging_open_early(program_name);
    config_load(program_name, service_name);
    if (chdir(conf.queue_directory) < 0)
        fatal("chdir %s: %m", conf.queue_directory);
    log_remove_sinks();
    if (!options.is_stderr)
        logging_open(program_name, LOGGING_DAEMON);
    crash_report();
    options.worker.generation = generation == NULL ? 0 : (unsigned) strtoul(generation, NULL, 8);
    options.worker.max_use = conf.max_use;
    options.worker.max_idle_s = conf.max_idle;
    allow_many_descriptors();
    net_limit_window(conf.tcp_windowsize);
    names_by_dns();
    proxy_use(true);
    if (program->before_jail != NULL)
        program->before_jail();
    jail_enter(options.is_chroot ? conf.queue_directory : NULL,
        options.is_unprivileged && !program->keeps_root ? conf.mail_owner : NULL);
    if (program->after_jail != NULL)
        program->after_jail();
    if (options.is_stdin) {
        task_start(run_stdin_session, (void *) program);
        loop_run();
        return 0;
    }
    if (options.worker.listener_count == 0)
        fatal("%s is started by master", program_name);
    worker_run(program, &options.worker);
    return 0;
}
