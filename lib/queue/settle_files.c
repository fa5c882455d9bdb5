/* settle_files.c: from the journal to queue files, in this order:
 *
 *   write all with mode 0600, which every reader takes for unfinished;   sync
 *   mode 0700 and the time;                                              sync
 *
 * A power cut between the two leaves files that count as not there, and the messages still in the
 * journal; without the first sync it could leave a file that looks finished and is not.
 */
#include "queue/settle_files.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "queue/dirs.h"
#include "queue/entry.h"
#include "queue/record.h"

/* So many are synced one by one; with more, syncing the whole file system once is cheaper. */
enum { FEW = 4 };

static const char *const queues[] = {"incoming", "active", "deferred", "hold"};

/* What is half written goes: the message is still in the journal. */
static void drop(struct settle_file *f)
{
    f->ok = false;
    if (f->fd < 0)
        return;
    close(f->fd);
    f->fd = -1;
    queue_remove(f->queue, f->id);
}

static void fail(struct settle_file *f, const char *what)
{
    str_setf(&f->why, "%s %s/%s: %s", what, f->queue, f->id, strerror(errno));
    drop(f);
}

/* The directory that the file's name is in. */
static bool sync_name(const char *queue, const char *id, struct str *why)
{
    struct str path = {0};

    queue_path(&path, queue, id);
    str_cut(&path, (size_t) (strrchr(path.data, '/') - path.data));
    bool ok = file_sync_dir(str_text(&path), why);
    str_done(&path);
    return ok;
}

/* A file that is complete may come from an attempt that was interrupted before its last sync. */
static bool sync_again(const char *queue, const char *id, struct str *why)
{
    int fd = queue_open(queue, id, O_RDONLY | O_NOFOLLOW, 0);
    bool ok = fd >= 0 && fsync(fd) == 0;

    if (!ok)
        str_setf(why, "sync %s/%s: %s", queue, id, strerror(errno));
    if (fd >= 0)
        close(fd);
    return ok && sync_name(queue, id, why);
}

static void look_for(struct settle_file *f)
{
    f->ok = f->was_there = false;
    for (size_t i = 0; i < ARRAY_SIZE(queues) && !f->was_there; i++)
        if (queue_has(queues[i], f->id)) {
            f->was_there = true;
            f->ok = sync_again(queues[i], f->id, &f->why);
        }
}

/* The image behind its entry header, if the header is that of the message. */
static char *read_image(struct settle_file *f)
{
    size_t head = sizeof(struct entry_header), n = head + f->where.length;
    struct entry_header e;
    char *bytes = NULL;
    int fd = open(f->where.path, O_RDONLY | O_CLOEXEC);

    if (fd < 0) {
        str_setf(&f->why, "open %s: %s", f->where.path, strerror(errno));
        goto done;
    }
    bytes = mem_alloc(n);
    if (f->where.offset < head || pread(fd, bytes, n, (off_t) (f->where.offset - head)) != (ssize_t) n ||
        !entry_at(bytes, n, 0, 0, &e) || e.type != ENTRY_MESSAGE || e.length != f->where.length ||
        strcmp(e.queue_id, f->id) != 0) {
        str_setf(&f->why, "%s: message is gone from %s", f->id, f->where.path);
        mem_free(bytes);
        bytes = NULL;
        goto done;
    }
    memmove(bytes, bytes + head, f->where.length);
done:
    if (fd >= 0)
        close(fd);
    return bytes;
}

static void mark_recipients(const struct settle_file *f, char *bytes)
{
    for (size_t i = 0; i < f->done_count; i++)
        if (f->done[i] < f->where.length && bytes[f->done[i]] == REC_RECIPIENT)
            bytes[f->done[i]] = REC_DONE;
}

/* A file that is there and not complete is what an interrupted attempt left. */
static void write_file(struct settle_file *f, uid_t owner, gid_t group)
{
    char *bytes = read_image(f);

    if (bytes == NULL)
        return;
    mark_recipients(f, bytes);
    f->fd = queue_open(f->queue, f->id, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0600);
    if (f->fd < 0)
        fail(f, "create");
    else if ((owner != (uid_t) -1 && fchown(f->fd, owner, group) < 0) || !file_write_all(f->fd, bytes, f->where.length))
        fail(f, "write");
    mem_free(bytes);
}

static bool is_open(const struct settle_file *f)
{
    return f->fd >= 0;
}

/* True: each was synced by itself, and the directories were not. */
static bool sync_all(struct settle_file *files, size_t count)
{
    struct settle_file *one = NULL;
    size_t open_count = 0;

    for (size_t i = 0; i < count; i++)
        if (is_open(&files[i])) {
            one = &files[i];
            open_count++;
        }
    if (open_count > FEW && syncfs(one->fd) == 0)
        return false;
    for (size_t i = 0; i < count; i++)
        if (is_open(&files[i]) && fsync(files[i].fd) < 0)
            fail(&files[i], "sync");
    return true;
}

static void complete(struct settle_file *f)
{
    struct timespec times[2] = {{.tv_sec = f->mtime}, {.tv_sec = f->mtime}};

    if ((f->mtime != 0 && futimens(f->fd, times) < 0) || fchmod(f->fd, 0700) < 0)
        fail(f, "complete");
}

void settle_files(struct settle_file *files, size_t count, uid_t owner, gid_t group)
{
    for (size_t i = 0; i < count; i++) {
        files[i].fd = -1;
        look_for(&files[i]);
        if (!files[i].was_there)
            write_file(&files[i], owner, group);
    }
    sync_all(files, count);
    for (size_t i = 0; i < count; i++)
        if (is_open(&files[i]))
            complete(&files[i]);
    bool is_name_missing = sync_all(files, count);
    for (size_t i = 0; i < count; i++)
        if (is_open(&files[i]) && is_name_missing && !sync_name(files[i].queue, files[i].id, &files[i].why))
            drop(&files[i]);
    for (size_t i = 0; i < count; i++)
        if (is_open(&files[i])) {
            close(files[i].fd);
            files[i].fd = -1;
            files[i].ok = true;
        }
}
