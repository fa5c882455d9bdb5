/* postfix: control of the mail system. See postfix(1). */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/log.h"
#include "base/task.h"
#include "cmd/postfix/instance.h"
#include "config/compat.h"
#include "config/config.h"
#include "daemon/jail.h"
#include "daemon/logging.h"
#include "queue/journal.h"

enum { STOP_MS = 20000, ABORT_MS = 5000 };

static pid_t require_running(void)
{
    pid_t pid = postfix_instance_pid();

    if (pid == 0)
        fatal("the Postfix mail system is not running");
    return pid;
}

static void prepare_start(void)
{
    if (postfix_instance_pid() != 0)
        fatal("the Postfix mail system is already running");
    postfix_instance_make_directories();
    if (postfix_instance_check(false) > 0)
        fatal("Postfix integrity check failed!");
}

static int run_master(const char *option)
{
    char path[4096];

    snprintf(path, sizeof(path), "%s/master", conf.daemon_directory);
    log_flush();
    execl(path, "master", option, (char *) NULL);
    fatal("exec %s: %m", path);
}

static int do_start(void)
{
    prepare_start();
    log_info("starting the Postfix mail system");
    return run_master("-w");
}

static int do_start_fg(void)
{
    prepare_start();
    log_info("starting the Postfix mail system");
    return run_master(getpid() == 1 ? "-i" : "-s");
}

/* What a killed writer left in the journal becomes queue files, so that any mail system can go on. */
static void settle(void)
{
    struct str why = {0};

    jail_become(conf.mail_owner);
    if (journal_settle(-1, &why) < 0)
        log_error("messages in the journal stay there until the next start: %s", str_text(&why));
    jail_become(NULL);
    str_done(&why);
}

static int kill_and_settle(pid_t pid)
{
    kill(-pid, SIGKILL);
    kill(pid, SIGKILL);
    postfix_instance_wait_stopped(ABORT_MS);
    settle();
    return 0;
}

static int do_stop(void)
{
    pid_t pid = require_running();

    log_info("stopping the Postfix mail system");
    kill(pid, SIGTERM);
    if (postfix_instance_wait_stopped(STOP_MS))
        return 0;
    log_info("stopping the Postfix mail system with force");
    return kill_and_settle(pid);
}

static int do_abort(void)
{
    pid_t pid = require_running();

    log_info("aborting the Postfix mail system");
    return kill_and_settle(pid);
}

static int do_reload(void)
{
    pid_t pid = require_running();

    log_info("refreshing the Postfix mail system");
    return kill(pid, SIGHUP) == 0 ? 0 : 1;
}

static int do_flush(void)
{
    char path[4096];

    require_running();
    snprintf(path, sizeof(path), "%s/postqueue", conf.command_directory);
    log_flush();
    execl(path, "postqueue", "-f", (char *) NULL);
    fatal("exec %s: %m", path);
}

static int do_status(void)
{
    pid_t pid = postfix_instance_pid();

    if (pid == 0) {
        log_info("the Postfix mail system is not running");
        return 1;
    }
    log_info("the Postfix mail system is running: PID: %d", (int) pid);
    return 0;
}

static int do_check(void)
{
    postfix_instance_make_directories();
    return postfix_instance_check(true) > 0 ? 1 : 0;
}

static const struct {
    const char *name;
    int (*run)(void);
    bool needs_root;
} commands[] = {
    {"start", do_start, true},   {"start-fg", do_start_fg, true}, {"stop", do_stop, true},
    {"abort", do_abort, true},   {"reload", do_reload, true},     {"flush", do_flush, true},
    {"status", do_status, true}, {"check", do_check, true},
};

/* For people, not for scripts that look at what a command writes. */
static void note_old_defaults(void)
{
    if (!config_level_below(COMPAT_NEWEST_LEVEL))
        return;
    logging_open("postfix", isatty(STDERR_FILENO) ? LOGGING_COMMAND : LOGGING_DAEMON);
    log_set_tag(conf.syslog_name);
    log_info("Postfix is using backwards-compatible default settings");
    log_info("See https://www.postfix.org/COMPATIBILITY_README.html for details");
    log_info("To disable backwards compatibility use \"postconf compatibility_level=" COMPAT_NEWEST_LEVEL
        "\" and \"postfix reload\"");
    log_flush();
}

static void NORETURN usage(const char *name)
{
    fatal("usage: %s [-c config_dir] [-Dv] command", name);
}

int main(int argc, char **argv)
{
    int c;

    log_set_tag("postfix");
    while ((c = getopt(argc, argv, "+c:Dv")) > 0) {
        switch (c) {
        case 'c': config_set_dir(optarg); break;
        case 'D': setenv("MAIL_DEBUG", "", 1); break;
        case 'v': log_verbose++; break;
        default: usage(argv[0]);
        }
    }
    if (optind != argc - 1)
        usage(argv[0]);
    config_load("postfix", "postfix");
    if (chdir(conf.queue_directory) < 0)
        fatal("chdir %s: %m", conf.queue_directory);
    note_old_defaults();
    logging_open("postfix-script", LOGGING_COMMAND);
    for (size_t i = 0; i < ARRAY_SIZE(commands); i++) {
        if (strcmp(commands[i].name, argv[optind]) != 0)
            continue;
        if (commands[i].needs_root && geteuid() != 0)
            fatal("to submit mail, use the Postfix sendmail command; the postfix command is reserved for the superuser");
        return commands[i].run();
    }
    log_error("unknown command: '%s'. Usage: postfix start (or stop, reload, abort, flush, check, status, start-fg)", argv[optind]);
    return 1;
}
