#include "deliver/mailbox.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/task.h"
#include "config/config.h"
#include "config/name_set.h"
#include "deliver/identity.h"
#include "deliver/safe_open.h"

unsigned mailbox_lock_styles(const char *parameter, const char *value)
{
    static const struct name_bit known[] = {
        {"flock", MAILBOX_FLOCK}, {"fcntl", MAILBOX_FCNTL}, {"dotlock", MAILBOX_DOTLOCK}};

    return (unsigned) name_set_parse(parameter, value, known, ARRAY_SIZE(known));
}

void mailbox_limit_size(long bytes)
{
    struct rlimit limit = {.rlim_cur = (rlim_t) bytes, .rlim_max = (rlim_t) bytes};

    if (bytes <= 0)
        return;
    signal(SIGXFSZ, SIG_IGN); /* a write tells it by EFBIG */
    if (setrlimit(RLIMIT_FSIZE, &limit) < 0)
        fatal("setrlimit: %m");
}

/* --- locks: each is tried, and tried again while others go on --- */

static int make_dot_lock(const char *path)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0);

    if (fd >= 0)
        close(fd);
    return fd;
}

static bool try_dot(struct mailbox *m)
{
    const char *path = str_text(&m->dot_path);
    struct stat st;
    int fd = make_dot_lock(path);

    if (fd < 0 && errno == EEXIST) {
        if (stat(path, &st) == 0 && time(NULL) > st.st_ctime + conf.stale_lock_time && unlink(path) == 0)
            fd = make_dot_lock(path);
        else
            errno = EEXIST;
    }
    m->has_dot_lock = fd >= 0;
    return fd >= 0;
}

static bool try_fcntl(struct mailbox *m)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    return fcntl(m->fd, F_SETLK, &lock) == 0;
}

static bool try_flock(struct mailbox *m)
{
    return flock(m->fd, LOCK_EX | LOCK_NB) == 0;
}

/* False: errno, which is busy if others had the lock all the time. */
static bool get_lock(struct mailbox *m, bool (*try_once)(struct mailbox *m), int busy)
{
    for (int attempt = 1;; attempt++) {
        identity_take(m->uid, m->gid);
        bool ok = try_once(m);
        int error = errno;
        identity_drop();
        errno = error;
        if (ok || error != busy || attempt >= conf.deliver_lock_attempts)
            return ok;
        task_sleep((msec) conf.deliver_lock_delay * 1000);
    }
}

/* Special files have no lock file. */
static bool wants_dot_lock(const struct mailbox *m)
{
    struct stat st;

    if ((m->locks & MAILBOX_DOTLOCK) == 0)
        return false;
    identity_take(m->uid, m->gid);
    bool wants = stat(m->path, &st) < 0 || S_ISREG(st.st_mode);
    identity_drop();
    return wants;
}

static bool lock_by_file(struct mailbox *m, struct copy *c)
{
    str_setf(&m->dot_path, "%s.lock", m->path);
    if (!wants_dot_lock(m) || get_lock(m, try_dot, EEXIST))
        return true;
    copy_failed(c, errno, "unable to create lock file %s", str_text(&m->dot_path));
    if (c->error == EEXIST || (m->locks & MAILBOX_DOTLOCK_IF_POSSIBLE) == 0)
        return false;
    log_warn("%s", str_text(&c->reason));
    return true;
}

static bool lock_descriptor(struct mailbox *m, struct copy *c)
{
    if (((m->locks & MAILBOX_FCNTL) == 0 || get_lock(m, try_fcntl, EAGAIN)) &&
        ((m->locks & MAILBOX_FLOCK) == 0 || get_lock(m, try_flock, EAGAIN)))
        return true;
    return copy_failed(c, errno, "unable to lock for exclusive access");
}

/* --- the file --- */

static bool open_file(struct mailbox *m, struct copy *c)
{
    identity_take(m->uid, m->gid);
    m->fd = safe_open_append(m->path, m->owner, m->owner_group, &m->st, &c->reason);
    int error = errno;
    identity_drop();
    if (m->fd < 0)
        copy_set_error(c, error);
    return m->fd >= 0;
}

bool mailbox_open(struct mailbox *m, struct copy *c)
{
    m->fd = -1;
    return lock_by_file(m, c) && open_file(m, c) && lock_descriptor(m, c);
}

bool mailbox_append(struct mailbox *m, struct copy *c, uid_t uid, gid_t gid)
{
    struct stat st;

    if (fstat(m->fd, &st) < 0)
        return copy_failed(c, errno, "stat %s", m->path);
    identity_take(uid, gid);
    bool ok = copy_to_file(c, m->fd);
    if (!ok && S_ISREG(st.st_mode) && ftruncate(m->fd, st.st_size) < 0)
        log_warn("truncate %s: %m", m->path);
    identity_drop();
    m->st.st_size = st.st_size;
    return ok;
}

void mailbox_close(struct mailbox *m)
{
    if (m->fd >= 0)
        close(m->fd);
    if (m->has_dot_lock) {
        identity_take(m->uid, m->gid);
        if (unlink(str_text(&m->dot_path)) < 0)
            log_warn("remove %s: %m", str_text(&m->dot_path));
        identity_drop();
    }
    m->fd = -1;
    m->has_dot_lock = false;
    str_done(&m->dot_path);
}
