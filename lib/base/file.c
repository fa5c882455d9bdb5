#include "base/file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

bool file_read_all(int fd, struct str *text)
{
    enum { CHUNK = 64 * 1024 };
    ssize_t n;

    do {
        str_reserve(text, CHUNK);
        n = read(fd, text->data + text->len, CHUNK);
        if (n > 0)
            str_grow(text, (size_t) n);
    } while (n > 0 || (n < 0 && errno == EINTR));
    return n == 0;
}

bool file_read(const char *path, struct str *text, struct str *why)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        str_setf(why, "open %s: %s", path, strerror(errno));
        return false;
    }
    bool ok = file_read_all(fd, text);
    if (!ok)
        str_setf(why, "read %s: %s", path, strerror(errno));
    close(fd);
    return ok;
}

bool file_write_all(int fd, const void *bytes, size_t n)
{
    const char *p = bytes;

    while (n > 0) {
        ssize_t put = write(fd, p, n);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return false;
        p += put;
        n -= (size_t) put;
    }
    return true;
}

bool file_sync_dir(const char *path, struct str *why)
{
    int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    bool ok = fd >= 0 && fsync(fd) == 0;

    if (!ok)
        str_setf(why, "sync directory %s: %s", path, strerror(errno));
    if (fd >= 0)
        close(fd);
    return ok;
}

bool file_replace(const char *path, const char *bytes, size_t n, mode_t mode, struct str *why)
{
    struct str temp = {0}, dir = {0};
    const char *slash = strrchr(path, '/');
    bool ok = false;

    str_setf(&temp, "%s.tmp.%d", path, (int) getpid());
    unlink(str_text(&temp)); /* of an earlier process with our number; whatever else comes there is not ours */
    int fd = open(str_text(&temp), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, mode);
    if (fd < 0) {
        str_setf(why, "create %s: %s", str_text(&temp), strerror(errno));
        goto done;
    }
    if (fchmod(fd, mode) < 0 || !file_write_all(fd, bytes, n) || fsync(fd) < 0) {
        str_setf(why, "write %s: %s", str_text(&temp), strerror(errno));
        goto done;
    }
    if (rename(str_text(&temp), path) < 0) {
        str_setf(why, "rename %s to %s: %s", str_text(&temp), path, strerror(errno));
        goto done;
    }
    str_add(&dir, path, slash == NULL ? 0 : (size_t) (slash - path) + 1);
    ok = file_sync_dir(slash == NULL ? "." : str_text(&dir), why);
done:
    if (!ok && fd >= 0)
        unlink(str_text(&temp));
    if (fd >= 0)
        close(fd);
    str_done(&temp);
    str_done(&dir);
    return ok;
}
