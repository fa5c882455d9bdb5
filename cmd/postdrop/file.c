#include "cmd/postdrop/file.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/log.h"
#include "base/task.h"
#include "config/config.h"
#include "queue/dirs.h"
#include "queue/record.h"

enum { BUFFER_BYTES = 64 * 1024, RETRY_MS = 10 * 1000, MODE_INCOMPLETE = 0644, MODE_COMPLETE = 0744 };

/* One try: a file of a passing name gets its own from its inode. False: errno. */
static bool create(struct postdrop_file *f)
{
    char temp[64];
    struct stat st;

    f->when = clock_wall();
    snprintf(temp, sizeof(temp), "%d.%d", (int) f->when.tv_usec, (int) getpid());
    queue_path(&f->path, "maildrop", temp);
    f->fd = open(str_text(&f->path), O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (f->fd < 0)
        return false;
    if (fstat(f->fd, &st) == 0) {
        qid_format(f->id, f->when, (uint64_t) st.st_ino, conf.enable_long_queue_ids);
        if (queue_rename_as(temp, "maildrop", f->id, "maildrop")) {
            queue_path(&f->path, "maildrop", f->id);
            return true;
        }
    }
    int cause = errno;
    postdrop_file_remove(f);
    errno = cause;
    return false;
}

bool postdrop_file_open(struct postdrop_file *f, long limit_bytes, bool (*may_go_on)(void))
{
    *f = (struct postdrop_file){.fd = -1, .limit_bytes = limit_bytes};
    while (!create(f)) {
        if (errno == EEXIST)
            continue;
        log_warn("mail_queue_enter: create file %s: %m", str_text(&f->path));
        if (!may_go_on())
            return false;
        task_sleep(RETRY_MS);
        if (!may_go_on())
            return false;
    }
    return fchmod(f->fd, MODE_INCOMPLETE) == 0;
}

static bool flush(struct postdrop_file *f)
{
    bool ok = file_write_all(f->fd, str_text(&f->buffer), f->buffer.len);

    str_clear(&f->buffer);
    return ok;
}

bool postdrop_file_add(struct postdrop_file *f, int type, const char *payload, size_t n)
{
    size_t before = f->buffer.len;

    record_add(&f->buffer, type, payload, n);
    f->size_bytes += (long) (f->buffer.len - before);
    if (f->limit_bytes > 0 && f->size_bytes > f->limit_bytes) {
        errno = EFBIG;
        return false;
    }
    return f->buffer.len < BUFFER_BYTES || flush(f);
}

bool postdrop_file_finish(struct postdrop_file *f)
{
    if (!flush(f) || fchmod(f->fd, MODE_COMPLETE) < 0 || fsync(f->fd) < 0)
        return false;
    close(f->fd);
    f->fd = -1;
    str_done(&f->buffer);
    return true;
}

void postdrop_file_remove(struct postdrop_file *f)
{
    if (f->fd < 0)
        return;
    if (unlink(str_text(&f->path)) < 0)
        log_warn("remove %s: %m", str_text(&f->path));
    close(f->fd);
    f->fd = -1;
}
