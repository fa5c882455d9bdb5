#include "qmgr/intake.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "config/config.h"
#include "qmgr/deferred.h"
#include "qmgr/feed.h"
#include "qmgr/message.h"
#include "qmgr/scan.h"
#include "qmgr/turn.h"
#include "queue/dirs.h"
#include "queue/erase.h"
#include "queue/journal.h"

enum {
    TAKEN_PER_TURN = 300,
    FILES_PER_TURN = 500,      /* looked at in deferred/, so that a large backlog does not stop everything else */
    LOCKED_DELAY_S = 60,       /* a file that an agent of before still delivers */
    TIME_SLACK_S = 1,          /* a file's time stamp may be ahead of our clock by so much */
};

/* The mode of a queue file says how it is. */
enum { MODE_COMPLETE = S_IRWXU, MODE_FLUSH = S_IRGRP, MODE_EXPIRE = S_IXGRP };

static struct scan incoming = {.queue = "incoming"}, deferred = {.queue = "deferred"};
static struct timer deferred_timer;    /* queue_run_delay */
static bool is_flushing;               /* the round through deferred/ that is under way ignores times */
static msec flushed_at;                /* when that was last asked for */
static bool is_stopped;

void qmgr_intake_scan(enum intake_queue which)
{
    qmgr_scan_want(which == INTAKE_INCOMING ? &incoming : &deferred);
    qmgr_turn_soon();
}

void qmgr_intake_flush(void)
{
    is_flushing = true;
    flushed_at = clock_now();
    qmgr_deferred_all_due();
    qmgr_intake_scan(INTAKE_DEFERRED);
}

bool qmgr_intake_was_flushed(msec since)
{
    return flushed_at != 0 && flushed_at >= since;
}

void qmgr_intake_stop(void)
{
    is_stopped = true;
    timer_stop(&deferred_timer);
    qmgr_scan_stop(&incoming);
    qmgr_scan_stop(&deferred);
}

/* --- files --- */

static void set_time(const char *path, time_t when)
{
    struct timespec times[2] = {{.tv_sec = when}, {.tv_sec = when}};

    if (utimensat(AT_FDCWD, path, times, 0) < 0 && errno != ENOENT)
        log_warn("update %s time stamps: %m", path);
}

/* Does an agent that was started by the qmgr before us deliver it still? */
static bool is_locked(const char *path)
{
    int fd = open(path, O_RDWR | O_CLOEXEC);

    if (fd < 0)
        return false;
    bool is = flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
    close(fd);
    return is;
}

static void put_off(const char *queue_id, const char *queue, const char *path)
{
    time_t when = clock_seconds() + LOCKED_DELAY_S;

    log_info("%s: skipped, still being delivered", queue_id);
    set_time(path, when);
    if (queue == deferred.queue || queue_rename(queue_id, queue, "deferred"))
        qmgr_deferred_add(queue_id, when);
}

static void become_active(const char *queue_id, mode_t mode, off_t size)
{
    struct message *m = qmgr_message_new(queue_id);
    struct str path = {0};

    m->where.path = arena_strdup(&m->arena, queue_path(&path, "active", queue_id));
    m->where.length = (uint64_t) size;
    m->has_reports = true; /* of earlier attempts */
    m->is_force_expired = (mode & MODE_EXPIRE) != 0;
    m->is_flushed = (mode & MODE_FLUSH) != 0;
    if (m->is_flushed)
        chmod(m->where.path, mode & 07777 & ~(mode_t) MODE_FLUSH);
    str_done(&path);
    qmgr_message_start(m);
}

/* A file is made active. False: it is not complete, not yet due, or not there any more. */
static bool take(const char *queue, const char *queue_id, const char *path, bool ignores_time)
{
    struct stat st;

    if (lstat(path, &st) < 0 || !S_ISREG(st.st_mode) || (st.st_mode & S_IRWXU) != MODE_COMPLETE)
        return false;
    if (qmgr_message_find(queue_id) != NULL)
        return false;
    if (!ignores_time && st.st_mtime > clock_seconds() + TIME_SLACK_S) {
        if (queue == deferred.queue)
            qmgr_deferred_add(queue_id, st.st_mtime);
        return false;
    }
    if (is_locked(path)) {
        put_off(queue_id, queue, path);
        return false;
    }
    if (!queue_rename(queue_id, queue, "active")) {
        if (errno != ENOENT)
            log_warn("%s: rename %s from %s to %s: %m", queue_id, queue_id, queue, "active");
        return false;
    }
    if (queue == deferred.queue && (st.st_mode & MODE_EXPIRE) == 0)
        erase_file("defer", queue_id); /* the reasons of the last attempt */
    become_active(queue_id, st.st_mode, st.st_size);
    return true;
}

/* --- sources --- */

static bool take_announced(void)
{
    struct message *m = qmgr_feed_next();

    if (m == NULL)
        return false;
    qmgr_message_start(m);
    return true;
}

static bool take_incoming(void)
{
    const char *id;

    while ((id = qmgr_scan_next(&incoming)) != NULL)
        if (take(incoming.queue, id, str_text(&incoming.path), false))
            return true;
    return false;
}

static bool take_deferred(void)
{
    struct str path = {0};
    bool is_flushed, taken = false;
    const char *id;

    while (!taken && (id = qmgr_deferred_next(&is_flushed)) != NULL)
        taken = take(deferred.queue, id, queue_path(&path, deferred.queue, id), is_flushed);
    str_done(&path);
    return taken;
}

/* cleanup has made a file. If there is no room now, a scan will find it. */
void qmgr_intake_file(const char *queue_id)
{
    struct str path = {0};

    if (!qmgr_message_has_room() || is_stopped)
        qmgr_scan_want(&incoming);
    else
        take(incoming.queue, queue_id, queue_path(&path, incoming.queue, queue_id), false);
    str_done(&path);
}

/* Files in deferred/ that are not known: of the time before we were started, or released from hold. */
static void look_for_deferred(void)
{
    struct stat st;

    for (int i = 0; i < FILES_PER_TURN && qmgr_scan_is_active(&deferred); i++) {
        const char *id = qmgr_scan_next(&deferred);
        if (id == NULL || qmgr_deferred_knows(id) || qmgr_message_find(id) != NULL)
            continue;
        if (lstat(str_text(&deferred.path), &st) == 0 && S_ISREG(st.st_mode) &&
            (st.st_mode & S_IRWXU) == MODE_COMPLETE)
            qmgr_deferred_add(id, is_flushing ? 0 : st.st_mtime);
    }
    if (qmgr_scan_is_active(&deferred))
        qmgr_turn_soon();
    else
        is_flushing = false;
}

void qmgr_intake(void)
{
    bool any = true;

    if (is_stopped)
        return;
    look_for_deferred();
    for (int n = 0; any && n < TAKEN_PER_TURN && qmgr_message_has_room(); n++) {
        any = take_announced();
        if (qmgr_message_has_room())
            any |= take_incoming();
        if (qmgr_message_has_room())
            any |= take_deferred();
    }
    if (any && qmgr_message_has_room())
        qmgr_turn_soon();
}

/* --- the start --- */

static void deferred_run(void *arg)
{
    (void) arg;
    qmgr_intake_scan(INTAKE_DEFERRED);
    timer_set(&deferred_timer, clock_after((msec) conf.queue_run_delay * 1000));
}

void qmgr_intake_reload(void)
{
    deferred_run(NULL);
}

/* What the qmgr before us had active begins anew. */
static void restart_active(void)
{
    struct queue_scan *scan = queue_scan_open("active");
    struct str path = {0};
    time_t now = clock_seconds();
    const char *id;

    while ((id = queue_scan_next(scan, &path)) != NULL) {
        set_time(str_text(&path), is_locked(str_text(&path)) ? now + LOCKED_DELAY_S : now);
        if (!queue_rename(id, "active", "incoming") && errno != ENOENT)
            log_warn("%s: rename from %s to %s: %m", id, "active", "incoming");
    }
    queue_scan_close(scan);
    str_done(&path);
}

void qmgr_intake_start(void)
{
    struct str why = {0};

    is_stopped = false;
    if (journal_settle(-1, &why) < 0)
        log_error("journal: %s", str_text(&why));
    str_done(&why);
    restart_active();
    qmgr_intake_scan(INTAKE_INCOMING);
    deferred_timer = (struct timer){.fire = deferred_run};
    deferred_run(NULL);
}
