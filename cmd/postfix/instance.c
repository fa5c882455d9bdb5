#include "cmd/postfix/instance.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/log.h"
#include "base/task.h"
#include "config/config.h"

#define PID_FILE "pid/master.pid"
enum { STEP_MS = 20 };

static const struct {
    const char *name;
    bool is_mail_owners, is_setgid_groups;
    mode_t mode;
} directories[] = {
    {"active", true, false, 0700},   {"bounce", true, false, 0700},   {"corrupt", true, false, 0700},
    {"defer", true, false, 0700},    {"deferred", true, false, 0700}, {"flush", true, false, 0700},
    {"hold", true, false, 0700},     {"incoming", true, false, 0700}, {"journal", true, false, 0700},
    {"private", true, false, 0700},  {"saved", true, false, 0700},    {"trace", true, false, 0700},
    {"maildrop", true, true, 0730},  {"public", true, true, 0710},    {"pid", false, false, 0755},
};

pid_t postfix_instance_pid(void)
{
    char text[64] = "";
    int fd = open(PID_FILE, O_RDWR | O_CLOEXEC);
    pid_t pid = 0;

    if (fd < 0)
        return 0;
    if (flock(fd, LOCK_EX | LOCK_NB) < 0 && read(fd, text, sizeof(text) - 1) > 0)
        pid = (pid_t) strtol(text, NULL, 10);
    close(fd);
    return pid;
}

bool postfix_instance_wait_stopped(int timeout_ms)
{
    for (int waited = 0; waited < timeout_ms; waited += STEP_MS) {
        if (postfix_instance_pid() == 0)
            return true;
        task_sleep(STEP_MS);
    }
    return false;
}

void postfix_instance_make_directories(void)
{
    uid_t owner = config_ids.owner_uid;
    gid_t group = config_ids.setgid_gid;

    if (geteuid() != 0)
        return;
    for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
        if (mkdir(directories[i].name, directories[i].mode) < 0) {
            if (errno != EEXIST)
                fatal("mkdir %s/%s: %m", conf.queue_directory, directories[i].name);
            continue;
        }
        if (chown(directories[i].name, directories[i].is_mail_owners ? owner : 0,
                directories[i].is_setgid_groups ? group : 0) < 0 ||
            chmod(directories[i].name, directories[i].mode) < 0)
            fatal("set owner of %s/%s: %m", conf.queue_directory, directories[i].name);
    }
    if (mkdir(conf.data_directory, 0700) == 0 && chown(conf.data_directory, owner, (gid_t) -1) < 0)
        fatal("set owner of %s: %m", conf.data_directory);
}
