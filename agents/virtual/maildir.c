#include "agents/virtual/maildir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "agents/virtual/identity.h"
#include "base/clock.h"
#include "base/log.h"
#include "config/config.h"

/* A directory and those above it. */
static bool make_dirs(const char *path)
{
    struct str part = {0};
    bool ok = true;

    for (const char *end = path; ok && *end != 0;) {
        end += strspn(end, "/");
        end += strcspn(end, "/");
        str_clear(&part);
        str_add(&part, path, (size_t) (end - path));
        ok = mkdir(str_text(&part), 0700) == 0 || errno == EEXIST;
    }
    str_done(&part);
    return ok;
}

static int create(const char *dir, const char *path)
{
    enum { FLAGS = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC };
    int fd = open(path, FLAGS, 0600);

    if (fd < 0 && errno == ENOENT && make_dirs(dir))
        fd = open(path, FLAGS, 0600);
    return fd;
}

static bool move(const char *from, const char *to, const char *new_dir, const char *cur_dir)
{
    if (rename(from, to) == 0)
        return true;
    return errno == ENOENT && make_dirs(new_dir) && make_dirs(cur_dir) && rename(from, to) == 0;
}

static bool deliver(const struct place *p, struct copy *c)
{
    static unsigned long number; /* makes the name unique in this process */
    const char *base = str_text(&p->path);
    struct timeval now = clock_wall();
    struct str tmp_dir = {0}, new_dir = {0}, cur_dir = {0}, tmp = {0}, final = {0};
    struct stat st;
    bool ok = false;

    str_setf(&tmp_dir, "%stmp", base);
    str_setf(&new_dir, "%snew", base);
    str_setf(&cur_dir, "%scur", base);
    str_setf(&tmp, "%s/%lu.P%dQ%lu.%s", str_text(&tmp_dir), (unsigned long) now.tv_sec, (int) getpid(), number++,
        conf.myhostname);
    int fd = create(str_text(&tmp_dir), str_text(&tmp));
    if (fd < 0 || fstat(fd, &st) < 0) {
        virtual_copy_failed(c, errno, "create maildir file", str_text(&tmp));
        goto done;
    }
    str_setf(&final, "%s/%lu.V%lxI%lxM%lu.%s", str_text(&new_dir), (unsigned long) now.tv_sec,
        (unsigned long) st.st_dev, (unsigned long) st.st_ino, (unsigned long) now.tv_usec, conf.myhostname);
    if (!virtual_copy(c, fd))
        goto done;
    ok = move(str_text(&tmp), str_text(&final), str_text(&new_dir), str_text(&cur_dir));
    if (!ok)
        virtual_copy_failed(c, errno, "create maildir file", str_text(&final));
done:
    if (fd >= 0) {
        close(fd);
        if (!ok)
            unlink(str_text(&tmp));
    }
    str_done(&tmp_dir);
    str_done(&new_dir);
    str_done(&cur_dir);
    str_done(&tmp);
    str_done(&final);
    return ok;
}

bool virtual_maildir_deliver(const struct place *p, struct copy *c)
{
    struct str why = {0};

    virtual_identity_take(p->uid, p->gid);
    bool ok = deliver(p, c);
    virtual_identity_drop();
    if (ok) {
        snprintf(c->status, sizeof(c->status), "2.0.0");
        str_set(&c->reason, "delivered to maildir");
        return true;
    }
    if (c->error == EACCES) {
        log_warn("maildir access problem for UID/GID=%lu/%lu: %s", (unsigned long) p->uid, (unsigned long) p->gid,
            str_text(&c->reason));
        log_warn("perhaps you need to create the maildirs in advance");
    }
    str_setf(&why, "maildir delivery failed: %s", str_text(&c->reason));
    str_set(&c->reason, str_text(&why));
    str_done(&why);
    return false;
}
