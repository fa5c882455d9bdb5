#include "agents/local/include.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agents/local/list.h"
#include "agents/local/report.h"
#include "agents/local/setup.h"
#include "base/log.h"
#include "deliver/identity.h"

/* What nobody's rights are yet is named by root, and may be read by root. */
static void take_readers_identity(const struct target *t)
{
    identity_take(t->rights.uid, t->rights.gid);
}

/* What can be mended is not the sender's business, and a bounce is a subscriber's mail lost: unlike Postfix, which
 * returns it, we try again. */
enum { RETRY = '4', RETURN = '5' };

enum { NESTING_MAX = 200 }; /* levels: a chain of a user's files must not use up the stack */

static enum outcome fail(const struct target *t, char class)
{
    return local_report_failed(t, class == RETRY ? "4.3.5" : "5.3.5", "mail system configuration error");
}

static bool refuse(char *class, char how)
{
    *class = how;
    return false;
}

/* Links are for root and the user to make; what everybody may write, or is no file, is not read. Nor is a user's list
 * that would fill the memory. */
static bool may_be_read(const char *path, const struct stat *st, char *class)
{
    if (!S_ISREG(st->st_mode)) {
        log_warn(":include: file %s is not a regular file", path);
        return refuse(class, RETURN);
    }
    if ((st->st_mode & S_IWOTH) != 0)
        log_warn(":include: file %s is world writable", path);
    else if (st->st_uid != 0 && st->st_size > LOCAL_LIST_FILE_MAX)
        log_warn(":include: file %s is larger than %d bytes", path, LOCAL_LIST_FILE_MAX);
    else
        return true;
    return refuse(class, RETRY);
}

static bool find(const struct target *t, const char *path, struct stat *st, char *class)
{
    if (*path != '/') {
        log_warn(":include:%s uses a relative path", path);
        return refuse(class, RETURN);
    }
    take_readers_identity(t);
    bool is_there = stat(path, st) == 0;
    identity_drop();
    if (is_there)
        return may_be_read(path, st, class);
    bool is_missing = errno == ENOENT || errno == ENOTDIR;
    log_warn("unable to lookup :include: file %s: %m", path);
    return refuse(class, is_missing ? RETURN : RETRY);
}

static FILE *open_file(const struct target *t, const char *path, const struct stat *before, char *class)
{
    struct stat st;
    FILE *file = NULL;

    *class = RETRY;
    take_readers_identity(t);
    int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    identity_drop();
    if (fd < 0)
        log_warn("cannot open include file %s: %m", path);
    else if (fstat(fd, &st) < 0 || st.st_dev != before->st_dev || st.st_ino != before->st_ino)
        log_warn("cannot open include file %s: file has been replaced", path);
    else if (may_be_read(path, &st, class))
        file = fdopen(fd, "r");
    if (file == NULL && fd >= 0)
        close(fd);
    return file;
}

/* A file of a user's in an alias of root's gets the user's rights, or the user could take over default_privs. One in
 * a user's list gets none that the user has not. */
static bool take_rights(struct target *t, const char *path, uid_t owner)
{
    struct target as_owner = *t;

    if (t->rights.uid != 0)
        return true;
    if (!local_target_become_uid(&as_owner, owner)) {
        log_warn("cannot find username for uid %ld", (long) owner);
        log_warn("%s: cannot find :include: file owner username", path);
        return false;
    }
    if (owner != 0)
        *t = as_owner;
    return true;
}

enum outcome local_include_deliver(const struct target *from, const char *path)
{
    struct target t = *from;
    struct stat st;
    char class;

    if (t.level > NESTING_MAX) {
        log_warn(":include: file %s is nested too deeply", path);
        return fail(&t, RETRY);
    }
    if (local_target_is_expanded(&t, "include %ld %s", (long) t.rights.uid, path))
        return OUTCOME_DONE;
    t.alias = NULL;
    if (!find(&t, path, &st, &class))
        return fail(&t, class);
    t.origin = ORIGIN_INCLUDE;
    if (!take_rights(&t, path, st.st_uid))
        return fail(&t, RETRY);
    if (t.owner == NULL)
        t.owner = t.address;
    if (!local_setup_propagates(ORIGIN_INCLUDE))
        t.unmatched = NULL;
    FILE *file = open_file(&t, path, &st, &class);
    if (file == NULL)
        return fail(&t, class);
    enum outcome outcome = local_list_deliver_file(&t, file, NULL);
    fclose(file);
    return outcome;
}
