#include "agents/virtual/mailbox.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "agents/virtual/identity.h"
#include "base/log.h"
#include "base/task.h"
#include "base/words.h"
#include "config/config.h"

enum lock { LOCK_FLOCK = 1 << 0, LOCK_FCNTL = 1 << 1, LOCK_DOT = 1 << 2 };

static int styles; /* virtual_mailbox_lock */

void virtual_mailbox_open(void)
{
    static const struct {
        const char *name;
        enum lock style;
    } known[] = {{"flock", LOCK_FLOCK}, {"fcntl", LOCK_FCNTL}, {"dotlock", LOCK_DOT}};
    struct arena memory = {0};
    struct vec list = {0};

    words_split(&memory, conf.virtual_mailbox_lock, WORDS_LIST, &list);
    for (size_t i = 0; i < list.count; i++) {
        size_t k = 0;
        while (k < ARRAY_SIZE(known) && strcasecmp(known[k].name, list.items[i]) != 0)
            k++;
        if (k == ARRAY_SIZE(known))
            fatal("unknown virtual_mailbox_lock value \"%s\" in \"%s\"", (const char *) list.items[i],
                conf.virtual_mailbox_lock);
        styles |= (int) known[k].style;
    }
    vec_done(&list, NULL);
    arena_done(&memory);
}

struct box {
    const struct place *p;
    struct copy *c;
    int fd;
    struct str dot_path;
    bool has_dot_lock;
    off_t old_size;
};

/* --- locks: each tries once, and is tried again while others wait for their turn --- */

static bool try_dot(struct box *b)
{
    struct stat st;
    int fd = open(str_text(&b->dot_path), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0);

    if (fd < 0 && errno == EEXIST && stat(str_text(&b->dot_path), &st) == 0 &&
        time(NULL) > st.st_ctime + conf.stale_lock_time && unlink(str_text(&b->dot_path)) == 0)
        fd = open(str_text(&b->dot_path), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0);
    b->has_dot_lock = fd >= 0;
    if (fd >= 0)
        close(fd);
    return fd >= 0;
}

static bool try_fcntl(struct box *b)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

    return fcntl(b->fd, F_SETLK, &lock) == 0;
}

static bool try_flock(struct box *b)
{
    return flock(b->fd, LOCK_EX | LOCK_NB) == 0;
}

static bool get_lock(struct box *b, bool (*try_once)(struct box *b))
{
    for (int attempt = 1;; attempt++) {
        virtual_identity_take(b->p->uid, b->p->gid);
        bool ok = try_once(b);
        int error = errno;
        virtual_identity_drop();
        errno = error;
        if (ok || (error != EEXIST && error != EAGAIN && error != EACCES) || attempt >= conf.deliver_lock_attempts)
            return ok;
        if (error == EACCES && try_once == try_dot)
            return false;
        task_sleep((msec) conf.deliver_lock_delay * 1000);
    }
}

/* A directory in which the user may not make files is no reason to keep the mail. */
static bool lock_by_file(struct box *b)
{
    if ((styles & LOCK_DOT) == 0 || get_lock(b, try_dot))
        return true;
    if (errno == EEXIST) {
        snprintf(b->c->status, sizeof(b->c->status), "4.2.0");
        str_setf(&b->c->reason, "unable to create lock file %s: %s", str_text(&b->dot_path), strerror(errno));
        return false;
    }
    log_warn("cannot create lock file %s: %m", str_text(&b->dot_path));
    return true;
}

static bool lock_descriptor(struct box *b)
{
    const char *path = str_text(&b->p->path);

    if (((styles & LOCK_FCNTL) == 0 || get_lock(b, try_fcntl)) &&
        ((styles & LOCK_FLOCK) == 0 || get_lock(b, try_flock)))
        return true;
    snprintf(b->c->status, sizeof(b->c->status), "4.2.0");
    str_setf(&b->c->reason, "unable to lock for exclusive access: %s: %s", path, strerror(errno));
    return false;
}

/* --- the file --- */

static bool open_box(struct box *b)
{
    const char *path = str_text(&b->p->path);
    struct stat st;

    virtual_identity_take(b->p->uid, b->p->gid);
    b->fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK, 0600);
    int error = errno;
    virtual_identity_drop();
    if (b->fd < 0 || fstat(b->fd, &st) < 0) {
        snprintf(b->c->status, sizeof(b->c->status), "4.2.0");
        str_setf(&b->c->reason, "unable to create file %s: %s", path, strerror(error));
        return false;
    }
    if (!S_ISREG(st.st_mode)) {
        snprintf(b->c->status, sizeof(b->c->status), "5.2.0");
        str_setf(&b->c->reason, "destination %s is not a regular file", path);
        return false;
    }
    if (conf.strict_mailbox_ownership && st.st_uid != b->p->uid) {
        snprintf(b->c->status, sizeof(b->c->status), "4.2.0");
        str_setf(&b->c->reason, "destination %s is not owned by recipient", path);
        log_warn("specify \"strict_mailbox_ownership = no\" to ignore mailbox ownership mismatch");
        return false;
    }
    return true;
}

static bool append(struct box *b)
{
    struct stat st;
    long limit = conf.virtual_mailbox_limit;

    if (fstat(b->fd, &st) < 0)
        return virtual_copy_failed(b->c, errno, "stat", str_text(&b->p->path));
    b->old_size = st.st_size;
    if (limit > 0 && st.st_size + (off_t) b->c->d->data_size > limit)
        return virtual_copy_failed(b->c, EFBIG, "append to", str_text(&b->p->path));
    if (virtual_copy(b->c, b->fd))
        return true;
    if (ftruncate(b->fd, b->old_size) < 0)
        log_warn("truncate %s: %m", str_text(&b->p->path));
    return false;
}

static void close_box(struct box *b)
{
    if (b->has_dot_lock) {
        virtual_identity_take(b->p->uid, b->p->gid);
        unlink(str_text(&b->dot_path));
        virtual_identity_drop();
    }
    if (b->fd >= 0)
        close(b->fd);
    str_done(&b->dot_path);
}

bool virtual_mailbox_deliver(const struct place *p, struct copy *c)
{
    struct box b = {.p = p, .c = c, .fd = -1};
    struct str why = {0};

    str_addf(&b.dot_path, "%s.lock", str_text(&p->path));
    bool ok = lock_by_file(&b) && open_box(&b) && lock_descriptor(&b) && append(&b);
    close_box(&b);
    if (ok) {
        snprintf(c->status, sizeof(c->status), "2.0.0");
        str_set(&c->reason, "delivered to mailbox");
        return true;
    }
    str_setf(&why, "cannot update mailbox %s for user %s. %s", str_text(&p->path), c->r->address, str_text(&c->reason));
    str_set(&c->reason, str_text(&why));
    str_done(&why);
    return false;
}
