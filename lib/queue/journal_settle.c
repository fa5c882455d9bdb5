#include "queue/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/vec.h"
#include "config/config.h"
#include "queue/dirs.h"
#include "queue/recover.h"
#include "queue/segment.h"
#include "queue/settle_files.h"
#include "queue/slot.h"

enum { KEEP_SEGMENTS = 4 }; /* of a slot that is emptied */

struct settling {
    struct str *why;
    uid_t owner;
    gid_t group;
    long settled;
    bool ok;
};

/* --- what is damaged --- */

static char *read_span(const struct location *l)
{
    char *bytes = mem_zalloc(l->length);
    int fd = open(l->path, O_RDONLY | O_CLOEXEC);

    if (fd >= 0) {
        /* Some of it may be unreadable: that it is damaged is why we are here. */
        if (pread(fd, bytes, l->length, (off_t) l->offset) < 0)
            log_warn("read %s: %m", l->path);
        close(fd);
    }
    return bytes;
}

/* The bytes where messages should be, as corrupt/JslotSsegmentOoffset. */
static void save_damage(const struct settling *s, unsigned slot, const struct recover_damage *d)
{
    char *name = mem_printf("J%uS%sO%llu", slot, strrchr(d->where.path, '/') + 1, (unsigned long long) d->where.offset);
    char *bytes = read_span(&d->where);
    int fd = queue_open("corrupt", name, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW, 0700);

    if (fd < 0 || (s->owner != (uid_t) -1 && fchown(fd, s->owner, s->group) < 0) ||
        !file_write_all(fd, bytes, d->where.length) || fsync(fd) < 0)
        log_error("journal: save corrupt/%s: %m", name);
    log_error("journal: %s is damaged at offset %llu: %llu messages are lost; saved as corrupt/%s", d->where.path,
        (unsigned long long) d->where.offset, (unsigned long long) d->lost, name);
    if (fd >= 0)
        close(fd);
    mem_free(bytes);
    mem_free(name);
}

/* --- what is not --- */

static bool write_files(struct settling *s, struct settle_file *files, size_t count)
{
    bool ok = true;

    settle_files(files, count, s->owner, s->group);
    for (size_t i = 0; i < count; i++) {
        if (!files[i].ok && ok)
            str_setf(s->why, "%s", str_text(&files[i].why));
        ok &= files[i].ok;
        s->settled += files[i].ok && !files[i].was_there;
        str_done(&files[i].why);
    }
    return ok;
}

static bool write_live(struct settling *s, const struct recovery *r)
{
    struct settle_file *files = mem_alloc(SETTLE_FILES_MAX * sizeof(*files));
    size_t count = 0;
    bool ok = true;

    for (size_t i = 0; ok && i < r->message_count; i++) {
        const struct recover_message *m = &r->messages[i];
        if (m->is_done)
            continue;
        files[count++] = (struct settle_file){
            .queue = "incoming", .id = m->id, .where = m->where, .done = m->done, .done_count = m->done_count};
        if (count == SETTLE_FILES_MAX) {
            ok = write_files(s, files, count);
            count = 0;
        }
    }
    if (ok && count > 0)
        ok = write_files(s, files, count);
    mem_free(files);
    return ok;
}

/* --- and then the segments are free --- */

struct emptying {
    const char *dir;
    struct vec segments;
    bool ok;
};

static void adopt(void *arg, unsigned number)
{
    struct emptying *e = arg;
    struct segment *s = segment_adopt(e->dir, number, 0);

    if (s == NULL) /* cut short when it was made */
        e->ok &= segment_unlink(e->dir, number);
    else
        vec_add(&e->segments, s);
}

static int by_age(const void *a, const void *b)
{
    const struct segment *x = *(void *const *) a, *y = *(void *const *) b;

    return x->head.first_seq < y->head.first_seq ? -1 : x->head.first_seq > y->head.first_seq;
}

/* Oldest first: while a segment counts, so must the marks in those that are newer. */
static bool empty_slot(unsigned slot, uint64_t next_seq)
{
    char *dir = slot_dir(slot);
    struct emptying e = {.dir = dir, .ok = true};

    segment_each_file(dir, adopt, &e);
    vec_sort(&e.segments, by_age);
    for (size_t i = 0; i < e.segments.count; i++) {
        struct segment *s = e.segments.items[i];
        e.ok = e.ok && segment_clear(s, slot, next_seq);
        if (e.ok && i >= KEEP_SEGMENTS)
            segment_remove(s);
        else
            segment_free(s);
    }
    vec_done(&e.segments, NULL);
    mem_free(dir);
    return e.ok;
}

static bool settle_locked(struct settling *s, unsigned slot)
{
    struct recovery r;
    bool ok = recover_slot(&r, slot, true, s->why);

    for (size_t i = 0; ok && i < r.damage_count; i++)
        save_damage(s, slot, &r.damages[i]);
    ok = ok && write_live(s, &r);
    if (ok && !empty_slot(slot, r.next_seq)) {
        str_setf(s->why, "journal/%u: cannot empty a segment: %s", slot, strerror(errno));
        ok = false;
    }
    recover_done(&r);
    return ok;
}

static void settle_dead(void *arg, unsigned slot)
{
    struct settling *s = arg;
    struct str why = {0};
    int fd;

    switch (slot_lock(slot, false, &fd, &why)) {
    case SLOT_BUSY:   /* its writer lives */
    case SLOT_FAILED: /* it never had one: there is no lock */
        break;
    case SLOT_LOCKED:
        s->ok &= settle_locked(s, slot);
        close(fd);
        break;
    }
    str_done(&why);
}

static void settle_one(struct settling *s, unsigned slot)
{
    int fd;

    switch (slot_lock(slot, false, &fd, s->why)) {
    case SLOT_BUSY:
        str_setf(s->why, "journal/%u: its writer is alive", slot);
        s->ok = false;
        return;
    case SLOT_FAILED:
        s->ok = false;
        return;
    case SLOT_LOCKED:
        s->ok = settle_locked(s, slot);
        close(fd);
        return;
    }
}

long journal_settle(int one_slot, struct str *why)
{
    struct settling s = {.why = why, .ok = true, .owner = (uid_t) -1, .group = (gid_t) -1};

    if (geteuid() == 0) { /* files are made for the one who runs the mail system */
        s.owner = config_ids.owner_uid;
        s.group = config_ids.owner_gid;
    }
    if (one_slot >= 0)
        settle_one(&s, (unsigned) one_slot);
    else
        slot_each(settle_dead, &s);
    return s.ok ? s.settled : -1;
}
