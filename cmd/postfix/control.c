#include "cmd/postfix/control.h"

#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "base/program.h"
#include "cmd/postfix/check.h"
#include "cmd/postfix/instance.h"
#include "config/compat.h"
#include "config/config.h"
#include "daemon/jail.h"
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
    postfix_check_fatal();
}

static int run_master(const char *option)
{
    char path[4096];

    snprintf(path, sizeof(path), "%s/master", conf.daemon_directory);
    program_become((const char *const[]){path, option, NULL});
}

/* A large queue takes long to look through, and the mail system does not wait for that. Nobody waits for the
 * process that does it: a child's child has no parent here. */
static void warn_meanwhile(void)
{
    log_flush();
    pid_t pid = fork();
    if (pid > 0)
        waitpid(pid, NULL, 0);
    if (pid != 0 || fork() != 0) {
        if (pid == 0)
            _exit(0);
        return;
    }
    postfix_check_warnings();
    log_flush();
    _exit(0);
}

int postfix_control_start(void)
{
    prepare_start();
    warn_meanwhile();
    log_info("starting the Postfix mail system");
    return run_master("-w");
}

int postfix_control_start_fg(void)
{
    if (*conf.multi_instance_directories != 0)
        fatal("start-fg does not support multi_instance_directories");
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

int postfix_control_stop(void)
{
    pid_t pid = require_running();

    log_info("stopping the Postfix mail system");
    kill(pid, SIGTERM);
    if (postfix_instance_wait_stopped(STOP_MS))
        return 0;
    log_info("stopping the Postfix mail system with force");
    return kill_and_settle(pid);
}

int postfix_control_quick_stop(void)
{
    pid_t pid = require_running();

    log_info("stopping the Postfix mail system");
    return kill(pid, SIGTERM) == 0 ? 0 : 1;
}

int postfix_control_abort(void)
{
    pid_t pid = require_running();

    log_info("aborting the Postfix mail system");
    return kill_and_settle(pid);
}

static void note_old_default(const char *setting, const char *until_level)
{
    log_info("compatibility_level %s means \"%s\"; from level %s on, it does not", conf.compatibility_level, setting,
        until_level);
}

int postfix_control_reload(void)
{
    pid_t pid = require_running();

    compat_each(note_old_default);
    log_info("refreshing the Postfix mail system");
    return kill(pid, SIGHUP) == 0 ? 0 : 1;
}

int postfix_control_flush(void)
{
    char path[4096];

    snprintf(path, sizeof(path), "%s/postqueue", conf.command_directory);
    program_become((const char *const[]){path, "-f", NULL});
}

int postfix_control_status(void)
{
    pid_t pid = postfix_instance_pid();

    if (pid == 0) {
        log_info("the Postfix mail system is not running");
        return 1;
    }
    log_info("the Postfix mail system is running: PID: %d", (int) pid);
    return 0;
}
