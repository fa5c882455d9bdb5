/* master: starts, watches and limits every daemon. See README.md. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/net.h"
#include "config/config.h"
#include "config/environment.h"
#include "daemon/crash.h"
#include "daemon/jail.h"
#include "daemon/logging.h"
#include "master/reload.h"
#include "master/service.h"
#include "master/stop.h"

#define PID_FILE "pid/master.pid"
enum { START_MS = 60 * 1000 };

static struct {
    bool is_test, is_debug, keeps_stdout, is_init, is_waiting;
    int exit_after_s;
} options;

static int stop_signal; /* 0: none; another reason */
static int ready_pipe = -1; /* to the process that waits for our start (-w) */

/* --- the environment of all daemons --- */

static void import_environment(void)
{
    struct arena a = {0};
    struct vec variables = {0};

    environment_list(&a, "import_environment", conf.import_environment, &variables);
    clearenv();
    for (size_t i = 0; i < variables.count; i++)
        putenv(mem_strdup(variables.items[i]));
    setenv("PATH", conf.command_directory, 1);
    setenv("MAIL_CONFIG", config_dir(), 1);
    vec_done(&variables, NULL);
    arena_done(&a);
}

/* --- one master an instance --- */

static int open_lock(const char *path, bool may_create)
{
    int fd = open(path, may_create ? O_RDWR | O_CREAT | O_CLOEXEC : O_RDWR | O_CLOEXEC, 0644);

    if (fd < 0 && may_create)
        fatal("open lock file %s: %m", path);
    return fd;
}

/* postfix(1) asks: exit 0 when nothing runs here. */
static int test_lock(void)
{
    int fd = open_lock(PID_FILE, false);

    return fd < 0 || flock(fd, LOCK_EX | LOCK_NB) == 0 ? 0 : 1;
}

static void take_lock(void)
{
    char text[64], path[4096];
    int fd = open_lock(PID_FILE, true);

    if (flock(fd, LOCK_EX | LOCK_NB) < 0)
        fatal("open lock file %s: unable to set exclusive lock: %m", PID_FILE);
    snprintf(path, sizeof(path), "%s/master.lock", conf.data_directory);
    jail_become(conf.mail_owner);
    int data_fd = open_lock(path, true);
    jail_become(NULL);
    if (flock(data_fd, LOCK_EX | LOCK_NB) < 0)
        fatal("open lock file %s: unable to set exclusive lock: %m", path);
    int n = snprintf(text, sizeof(text), "%*lu\n", (int) sizeof(unsigned long) * 4, (unsigned long) getpid());
    if (ftruncate(fd, 0) < 0 || pwrite(fd, text, (size_t) n, 0) != n)
        fatal("write %s: %m", PID_FILE);
}

/* --- background --- */

/* The one whom postfix(1) waits for. It ends when its child says that it serves, or ends, or takes
 * too long. */
static void NORETURN wait_for_start(int fd)
{
    struct pollfd p = {.fd = fd, .events = POLLIN};
    char byte;

    _exit(poll(&p, 1, START_MS) == 1 && read(fd, &byte, 1) == 1 ? 0 : 1);
}

static void go_to_background(void)
{
    int pipe_fds[2];

    if (pipe2(pipe_fds, O_CLOEXEC) < 0)
        fatal("pipe: %m");
    pid_t pid = fork();
    if (pid < 0)
        fatal("fork: %m");
    if (pid > 0) {
        close(pipe_fds[1]);
        wait_for_start(pipe_fds[0]);
    }
    close(pipe_fds[0]);
    ready_pipe = pipe_fds[1];
}

/* A session of our own, so that one signal can reach all processes; but who is process 1 cannot, and
 * who debugs wants the terminal. */
static void leave_terminal(void)
{
    if (options.is_init || options.is_debug)
        return;
    if (getsid(0) != getpid() && setsid() < 0 && setpgid(0, 0) < 0)
        log_warn("become session leader: %m");
}

static void redirect_terminal(void)
{
    int null = open("/dev/null", O_RDWR);

    if (null < 0)
        fatal("open /dev/null: %m");
    if (!options.is_debug) {
        dup2(null, STDIN_FILENO);
        if (!options.keeps_stdout && !options.is_init) {
            dup2(null, STDOUT_FILENO);
            dup2(null, STDERR_FILENO);
        }
    }
    if (null > STDERR_FILENO)
        close(null);
}

static void say_ready(void)
{
    if (ready_pipe >= 0 && write(ready_pipe, "", 1) == 1)
        close(ready_pipe);
    ready_pipe = -1;
}

/* --- signals --- */

static void on_terminate(int signal)
{
    stop_signal = signal;
    loop_stop();
}

static void forget_lines(void *context, const struct log_line *lines, size_t count)
{
    (void) context;
    (void) lines;
    (void) count;
}

/* A bad value ends who reads it, so a child tries first. */
static bool can_load_config(bool is_told)
{
    int status = 0;

    log_flush();
    pid_t pid = fork();
    if (pid == 0) {
        if (!is_told) {
            log_remove_sinks();
            log_add_sink(forget_lines, NULL);
        }
        config_reload();
        _exit(0);
    }
    return pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
}

static void on_hangup(int signal)
{
    (void) signal;
    logging_reopen_file(); /* "postfix logrotate" may have renamed it */
    log_info("reload -- version %s, configuration %s", conf.mail_version, config_dir());
    if (!can_load_config(false)) {
        can_load_config(true);
        log_error("%s/main.cf cannot be used: the mail system goes on as it is", config_dir());
        return;
    }
    config_reload();
    logging_open("master", LOGGING_MASTER);
    master_reload_services();
}

static void check_directories(void)
{
    struct stat st;

    if (stat(".", &st) < 0 || (geteuid() == 0 && st.st_uid != 0))
        log_warn("not owned by root: %s", conf.queue_directory);
    static const char *const needed[] = {"pid", "public", "private"};
    for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
        if (mkdir(needed[i], 0755) < 0 && errno != EEXIST)
            fatal("mkdir %s/%s: %m", conf.queue_directory, needed[i]);
}

static void read_options(int argc, char **argv)
{
    int c;

    while ((c = getopt(argc, argv, "c:Dde:istvw")) > 0) {
        switch (c) {
        case 'c': config_set_dir(optarg); break;
        case 'd': options.is_debug = true; break;
        case 'e': options.exit_after_s = (int) strtol(optarg, NULL, 10); break;
        case 'i': options.is_init = true; break;
        case 's': options.keeps_stdout = true; break;
        case 't': options.is_test = true; break;
        case 'v': log_verbose++; break;
        case 'w': options.is_waiting = true; break;
        case 'D': break;
        default: fatal("usage: %s [-c config_dir] [-D (debug)] [-d (keep the terminal)] [-e exit_time] "
                       "[-i (init mode)] [-s (keep standard output)] [-t (test)] [-v] [-w (wait for initialization)]", argv[0]);
        }
    }
}

static void exit_time_is_up(void *arg)
{
    (void) arg;
    log_info("terminating after %d seconds", options.exit_after_s);
    loop_stop();
}

static void serve(void)
{
    struct timer exit_timer = {.fire = exit_time_is_up};

    signal(SIGPIPE, SIG_IGN);
    loop_on_child(master_service_worker_ended);
    loop_on_signal(SIGTERM, on_terminate);
    loop_on_signal(SIGINT, on_terminate);
    loop_on_signal(SIGHUP, on_hangup);
    net_limit_window(conf.tcp_windowsize);
    master_reload_services();
    log_info("daemon started -- version %s, configuration %s", conf.mail_version, config_dir());
    say_ready();
    if (options.exit_after_s > 0)
        timer_set(&exit_timer, clock_after((msec) options.exit_after_s * 1000));
    loop_run();
    if (stop_signal != 0)
        log_info("terminating on signal %d", stop_signal);
    master_stop_everything();
}

int main(int argc, char **argv)
{
    struct rlimit limit;

    log_set_tag("postfix/master");
    umask(077);
    read_options(argc, argv);
    config_load("master", "master");
    if (chdir(conf.queue_directory) < 0)
        fatal("chdir %s: %m", conf.queue_directory);
    if (options.is_test)
        return test_lock();
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
    if (options.is_init && getpid() != 1)
        fatal("-i is for process 1 only");
    if (options.is_waiting)
        go_to_background();
    leave_terminal();
    logging_open("master", LOGGING_MASTER);
    crash_report();
    check_directories();
    take_lock();
    import_environment();
    redirect_terminal();
    serve();
    return 0;
}
