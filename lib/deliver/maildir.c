#include "deliver/maildir.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "deliver/identity.h"

/* The names of one delivery. */
struct names {
    struct str tmp_dir, new_dir, cur_dir, tmp, final;
};

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

static int create(const struct names *n)
{
    enum { FLAGS = O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC };
    int fd = open(str_text(&n->tmp), FLAGS, 0600);

    if (fd < 0 && errno == ENOENT && make_dirs(str_text(&n->tmp_dir)))
        fd = open(str_text(&n->tmp), FLAGS, 0600);
    return fd;
}

static bool move(const struct names *n)
{
    const char *from = str_text(&n->tmp), *to = str_text(&n->final);

    if (rename(from, to) == 0)
        return true;
    return errno == ENOENT && make_dirs(str_text(&n->new_dir)) && make_dirs(str_text(&n->cur_dir)) &&
           rename(from, to) == 0;
}

static const char *host_name(void)
{
    static char name[256]; /* it does not change while we live */

    if (*name == 0 && gethostname(name, sizeof(name) - 1) < 0)
        fatal("gethostname: %m");
    return name;
}

static void make_names(struct names *n, const char *path, struct timeval now)
{
    static unsigned long number; /* makes the name unique in this process */

    str_setf(&n->tmp_dir, "%stmp", path);
    str_setf(&n->new_dir, "%snew", path);
    str_setf(&n->cur_dir, "%scur", path);
    str_setf(&n->tmp, "%s/%lu.P%dQ%lu.%s", str_text(&n->tmp_dir), (unsigned long) now.tv_sec, (int) getpid(),
        number++, host_name());
}

static bool write_and_move(struct names *n, int fd, struct timeval now, struct copy *c)
{
    struct stat st;

    if (fstat(fd, &st) < 0)
        return copy_failed(c, errno, "create maildir file %s", str_text(&n->tmp));
    str_setf(&n->final, "%s/%lu.V%lxI%lxM%lu.%s", str_text(&n->new_dir), (unsigned long) now.tv_sec,
        (unsigned long) st.st_dev, (unsigned long) st.st_ino, (unsigned long) now.tv_usec, host_name());
    return copy_to_file(c, fd) &&
           (move(n) || copy_failed(c, errno, "create maildir file %s", str_text(&n->final)));
}

static bool deliver(const char *path, struct copy *c)
{
    struct timeval now = clock_wall();
    struct names n = {0};

    make_names(&n, path, now);
    int fd = create(&n);
    bool ok = fd >= 0 ? write_and_move(&n, fd, now, c)
                      : copy_failed(c, errno, "create maildir file %s", str_text(&n.tmp));
    if (fd >= 0)
        close(fd);
    if (fd >= 0 && !ok)
        unlink(str_text(&n.tmp));
    str_done(&n.tmp_dir);
    str_done(&n.new_dir);
    str_done(&n.cur_dir);
    str_done(&n.tmp);
    str_done(&n.final);
    return ok;
}

bool maildir_deliver(const char *path, uid_t uid, gid_t gid, struct copy *c)
{
    struct str cause = {0};

    identity_take(uid, gid);
    bool ok = deliver(path, c);
    identity_drop();
    if (ok)
        return true;
    str_adds(&cause, str_text(&c->reason));
    if (c->error == EACCES) {
        log_warn("maildir access problem for UID/GID=%lu/%lu: %s", (unsigned long) uid, (unsigned long) gid,
            str_text(&cause));
        log_warn("perhaps you need to create the maildirs in advance");
    }
    str_setf(&c->reason, "maildir delivery failed: %s", str_text(&cause));
    str_done(&cause);
    return false;
}
