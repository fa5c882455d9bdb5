#include "deliver/safe_open.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { FLAGS = O_WRONLY | O_APPEND | O_NONBLOCK | O_CLOEXEC, TRIES = 2 };

static bool fail(struct str *why, const char *what)
{
    int error = errno;

    str_setf(why, "%s: %s", what, strerror(error));
    errno = error;
    return false;
}

static bool refuse(struct str *why, const char *what)
{
    str_set(why, what);
    errno = EPERM;
    return false;
}

/* Such links lead where root wanted, as /var/mail may. */
static bool is_roots_link(const char *path, const struct stat *link)
{
    struct str dir = {0};
    struct stat st;
    const char *slash = strrchr(path, '/');

    str_add(&dir, path, slash == NULL ? 0 : (size_t) (slash - path + 1));
    bool ok = link->st_uid == 0 && stat(dir.len == 0 ? "." : str_text(&dir), &st) == 0 && st.st_uid == 0 &&
              (st.st_mode & (S_IWGRP | S_IWOTH)) == 0;
    str_done(&dir);
    return ok;
}

/* What was opened against what is there now under that name. */
static bool is_safe(const char *path, int fd, struct stat *st, struct str *why)
{
    struct stat now;

    if (fstat(fd, st) < 0)
        return fail(why, "cannot stat open file");
    if (lstat(path, &now) < 0)
        return fail(why, "file status changed unexpectedly");
    if (S_ISLNK(now.st_mode)) {
        if (!is_roots_link(path, &now))
            return refuse(why, "file is a symbolic link");
        if (stat(path, &now) < 0)
            return fail(why, "file status changed unexpectedly");
    }
    if (now.st_dev != st->st_dev || now.st_ino != st->st_ino)
        return refuse(why, "file status changed unexpectedly");
    if (st->st_nlink < 1)
        return refuse(why, "file has been removed");
    if (st->st_nlink > 1 && !S_ISDIR(st->st_mode)) {
        str_setf(why, "file has %lu hard links", (unsigned long) st->st_nlink);
        errno = EPERM;
        return false;
    }
    return true;
}

static int create(const char *path, uid_t owner, gid_t group, struct stat *st, struct str *why)
{
    int fd = open(path, FLAGS | O_CREAT | O_EXCL, S_IRUSR | S_IWUSR);

    if (fd < 0) {
        fail(why, "cannot create file exclusively");
        return -1;
    }
    bool keeps_owner = owner == (uid_t) -1 && group == (gid_t) -1;
    if ((keeps_owner || fchown(fd, owner, group) == 0) && fstat(fd, st) == 0)
        return fd;
    fail(why, "cannot change file ownership");
    int error = errno;
    close(fd);
    unlink(path);
    errno = error;
    return -1;
}

int safe_open_append(const char *path, uid_t owner, gid_t group, struct stat *st, struct str *why)
{
    for (int i = 0;; i++) {
        int fd = open(path, FLAGS);
        if (fd >= 0 && is_safe(path, fd, st, why))
            return fd;
        if (fd >= 0) {
            int error = errno;
            close(fd);
            errno = error;
            return -1;
        }
        if (errno != ENOENT || i == TRIES - 1) {
            fail(why, "cannot open file");
            return -1;
        }
        fd = create(path, owner, group, st, why);
        if (fd >= 0 || errno != EEXIST) /* somebody else was faster, or it is a link to nowhere */
            return fd;
    }
}
