#include "master/stop.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/log.h"
#include "base/task.h"
#include "config/config.h"
#include "daemon/jail.h"
#include "daemon/postlog.h"
#include "master/service.h"
#include "queue/journal.h"

enum { STAGE_MS = 4000, STEP_MS = 10 };

static const struct {
    const char *program;
    int stage;
} stages[] = {
    {"qmgr", 1}, {"nqmgr", 1}, {"oqmgr", 1}, {"cleanup", 2}, {"bounce", 2}, {"trivial-rewrite", 2}, {"postlogd", 3},
};
enum { LAST_STAGE = 3 };

int master_stop_stage(const char *program)
{
    for (size_t i = 0; i < ARRAY_SIZE(stages); i++)
        if (strcmp(stages[i].program, program) == 0)
            return stages[i].stage;
    return 0;
}

static int signal_stage(int stage, int signal)
{
    int workers = 0;

    list_each(pos, &master_services) {
        struct service *s = list_entry(pos, struct service, link);
        if (master_stop_stage(s->line->command) != stage)
            continue;
        workers += s->worker_count;
        if (signal != 0)
            master_service_stop(s, signal);
    }
    return workers;
}

static void reap(void)
{
    pid_t pid;
    int status;

    while ((pid = waitpid(-1, &status, WNOHANG)) > 0)
        master_service_worker_ended(pid, 0);
}

static void end_stage(int stage)
{
    signal_stage(stage, SIGTERM);
    for (int waited = 0; waited < STAGE_MS && signal_stage(stage, 0) > 0; waited += STEP_MS) {
        task_sleep(STEP_MS);
        reap();
    }
    if (signal_stage(stage, SIGKILL) > 0)
        task_sleep(STEP_MS);
    reap();
}

/* What came when postlogd had looked for the last time, or had not begun yet. */
static void take_last_lines(void)
{
    list_each(pos, &master_services) {
        struct service *s = list_entry(pos, struct service, link);
        if (master_stop_stage(s->line->command) != LAST_STAGE)
            continue;
        for (int i = 0; i < s->listen_count; i++)
            postlog_drain(s->listen_fds[i]);
    }
}

void master_stop_everything(void)
{
    struct str why = {0};

    for (int stage = 0; stage < LAST_STAGE; stage++)
        end_stage(stage);
    jail_become(conf.mail_owner);
    long settled = journal_settle(-1, &why);
    jail_become(NULL);
    if (settled < 0)
        log_error("messages in the journal stay there until the next start: %s", str_text(&why));
    end_stage(LAST_STAGE);
    take_last_lines();
    str_done(&why);
}
