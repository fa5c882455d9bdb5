#include "table/changes.h"

#include <fcntl.h>
#include <sys/stat.h>

#include "table/type.h"

enum { SETTLED_MS = 500 }; /* who writes a file pauses for less */

static struct file_stamp stamp_of(const struct stat *st)
{
    return (struct file_stamp){.dev = st->st_dev, .ino = st->st_ino, .size = st->st_size, .mtime = st->st_mtim};
}

static bool is_same_content(const struct file_stamp *a, const struct file_stamp *b)
{
    return a->size == b->size && a->mtime.tv_sec == b->mtime.tv_sec && a->mtime.tv_nsec == b->mtime.tv_nsec;
}

/* Is this still the file that was opened? What a TYPE_LIVE table has in it may change. */
static bool is_same_file(const struct table *t, const struct stat *st)
{
    struct file_stamp is = stamp_of(st);

    if (t->stamp.dev != is.dev || t->stamp.ino != is.ino)
        return false;
    return (t->traits & TYPE_LIVE) != 0 || is_same_content(&t->stamp, &is);
}

/* How long ago, by the wall clock; in the future: 0. */
static msec age_ms(struct timespec mtime)
{
    struct timeval now = clock_wall();
    msec age = ((msec) now.tv_sec - mtime.tv_sec) * 1000 + now.tv_usec / 1000 - mtime.tv_nsec / 1000000;

    return age > 0 ? age : 0;
}

/* Has a changed file been left alone for a while? Text that somebody is writing is not half used; an
 * editor may even take the file away first. What is locked by its writers can be taken at once. */
static bool is_settled(struct table *t, const struct stat *st)
{
    struct file_stamp is = stamp_of(st);

    if (t->lock_fd >= 0)
        return true;
    if (t->seen_at == 0 || t->seen.ino != is.ino || !is_same_content(&t->seen, &is)) {
        t->seen = is;
        t->seen_at = clock_now();
    }
    return clock_now() - t->seen_at >= SETTLED_MS || (is.ino != 0 && age_ms(is.mtime) >= SETTLED_MS);
}

/* The file as it is now. Where its name leads nowhere, as behind chroot(2), the one that was opened
 * tells, as long as it has a name anywhere. */
static bool look(const struct table *t, struct stat *st)
{
    int fd = t->lock_fd >= 0 ? t->lock_fd : t->watch_fd;

    return stat(t->path, st) == 0 || (fd >= 0 && fstat(fd, st) == 0 && st->st_nlink > 0);
}

/* A file that changed just now may change once more within the resolution of its time stamp: it is
 * young, and read again when next looked at. */
void changes_begin(struct table *t)
{
    struct stat st;

    if (t->path == NULL)
        return;
    if (t->lock_fd < 0)
        t->watch_fd = open(t->path, O_PATH | O_CLOEXEC);
    if (fstat(t->lock_fd >= 0 ? t->lock_fd : t->watch_fd, &st) < 0)
        return;
    t->stamp = stamp_of(&st);
    t->owner = st.st_uid;
    t->is_young = age_ms(st.st_mtim) < SETTLED_MS;
    t->seen_at = 0;
}

bool changes_is_due(struct table *t)
{
    struct stat st;
    bool is_there = look(t, &st);

    if (is_there && is_same_file(t, &st) && !t->is_young)
        return false;
    if (!is_there)
        st = (struct stat){0};
    return is_settled(t, &st);
}

bool changes_is_same(const struct table *t)
{
    struct stat st;

    return fstat(t->lock_fd, &st) < 0 || is_same_file(t, &st);
}
