#include "cmd/postfix/instance.h"

#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/log.h"
#include "base/task.h"
#include "config/config.h"
#include "config/master_cf.h"

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

/* Ids of mail_owner and setgid_group; config_load() has seen that the names are set. */
static uid_t owner_id(void)
{
    const struct passwd *pw = getpwnam(conf.mail_owner);

    if (pw == NULL)
        fatal("file %s/main.cf: parameter mail_owner: user %s has unknown user ID", config_dir(), conf.mail_owner);
    return pw->pw_uid;
}

static gid_t group_id(void)
{
    const struct group *gr = getgrnam(conf.setgid_group);

    if (gr == NULL)
        fatal("file %s/main.cf: parameter setgid_group: unknown group name: %s", config_dir(), conf.setgid_group);
    return gr->gr_gid;
}

void postfix_instance_make_directories(void)
{
    uid_t owner = owner_id();
    gid_t group = group_id();

    if (geteuid() != 0)
        return;
    for (size_t i = 0; i < ARRAY_SIZE(directories); i++) {
        if (mkdir(directories[i].name, directories[i].mode) < 0) {
            if (errno != EEXIST)
                fatal("mkdir %s/%s: %m", conf.queue_directory, directories[i].name);
            continue;
        }
        if (chown(directories[i].name, directories[i].is_mail_owners ? owner : 0, directories[i].is_setgid_groups ? group : 0) < 0 ||
            chmod(directories[i].name, directories[i].mode) < 0)
            fatal("set owner of %s/%s: %m", conf.queue_directory, directories[i].name);
    }
    if (mkdir(conf.data_directory, 0700) == 0 && chown(conf.data_directory, owner, (gid_t) -1) < 0)
        fatal("set owner of %s: %m", conf.data_directory);
}

static bool is_directory(const char *path)
{
    struct stat st;

    return stat(path, &st) == 0 && S_ISDIR(st.st_mode);
}

static void check_owner(const char *dir, const char *name, uid_t owner, const char *owner_name)
{
    struct stat st;
    char path[4096];

    snprintf(path, sizeof(path), "%s%s%s", dir, *name ? "/" : "", name);
    if (lstat(path, &st) < 0)
        return;
    if (st.st_uid != owner)
        log_warn("not owned by %s: %s", owner_name, path);
    if (owner == 0 && (st.st_mode & 022) != 0 && !S_ISLNK(st.st_mode))
        log_warn("group or other writable: %s", path);
}

static int check_fatal(void)
{
    const struct {
        const char *what, *path;
    } needed[] = {
        {"config_directory", config_dir()}, {"queue_directory", conf.queue_directory},
        {"daemon_directory", conf.daemon_directory}, {"command_directory", conf.command_directory},
    };
    int problems = 0;

    for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
        if (!is_directory(needed[i].path)) {
            log_error("%s: %s is not a directory", needed[i].what, needed[i].path);
            problems++;
        }
    return problems;
}

/* Without it the lines of all daemons would go nowhere. */
static int check_log_service(void)
{
    struct master_cf services = {0};
    struct str why = {0};
    int problems = 0;

    if (*conf.maillog_file == 0)
        return 0;
    if (!master_cf_load(&services, &why)) {
        log_error("%s", str_text(&why));
        problems++;
    } else if (master_cf_find(&services, conf.postlog_service_name, MASTER_UNIX_DGRAM) == NULL) {
        log_error("maillog_file is set, but %s/master.cf has no service \"%s\" of type unix-dgram", config_dir(),
            conf.postlog_service_name);
        problems++;
    }
    master_cf_done(&services);
    str_done(&why);
    return problems;
}

int postfix_instance_check(bool is_thorough)
{
    int problems = check_fatal() + check_log_service();
    uid_t owner = owner_id();

    check_owner(conf.queue_directory, "", 0, "root");
    check_owner(conf.queue_directory, "pid", 0, "root");
    check_owner(config_dir(), "main.cf", 0, "root");
    check_owner(config_dir(), "master.cf", 0, "root");
    check_owner(conf.data_directory, "", owner, conf.mail_owner);
    for (size_t i = 0; is_thorough && i < ARRAY_SIZE(directories); i++)
        if (directories[i].is_mail_owners)
            check_owner(conf.queue_directory, directories[i].name, owner, conf.mail_owner);
    return problems;
}
