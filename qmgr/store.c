#include "qmgr/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "config/config.h"
#include "qmgr/deferred.h"
#include "qmgr/feed.h"
#include "qmgr/intake.h"
#include "qmgr/message.h"
#include "qmgr/recent.h"
#include "qmgr/turn.h"
#include "queue/dirs.h"
#include "queue/erase.h"
#include "queue/record.h"
#include "queue/settle.h"

enum { SETTLE_AGAIN_MS = 10 * 1000, MOVE_AGAIN_MS = 1000, MOVE_AGAIN_MAX_MS = 60 * 1000, LOST_DELAY_S = 60 };

/* --- readers and marks --- */

struct feed *qmgr_store_read_begins(struct message *m)
{
    if (m->feed == NULL)
        return NULL;
    m->reading++;
    qmgr_feed_reader(m->feed, 1);
    return m->feed;
}

/* The entry is not needed any more: as soon as nobody reads it, its room may be used again. */
static void release_entry(struct message *m)
{
    if (m->mark_feed != NULL && m->reading == 0) {
        qmgr_feed_mark_done(m->mark_feed, m);
        m->mark_feed = NULL;
    }
}

void qmgr_store_read_ended(struct message *m, struct feed *read)
{
    if (read == NULL)
        return;
    m->reading--;
    release_entry(m);
    qmgr_feed_reader(read, -1);
}

bool qmgr_store_is_over(const struct message *m)
{
    return m->feed != NULL && m->open == 0 && m->next_offset == 0 && !m->is_deferred && !m->has_reports;
}

bool qmgr_store_is_delay_to_clear(const struct message *m)
{
    return conf.confirm_delay_cleared && m->e.warn_time < 0;
}

bool qmgr_store_has_log(const struct message *m, const char *queue)
{
    struct str path = {0};

    bool has = access(queue_path(&path, queue, m->queue_id), F_OK) == 0;
    str_done(&path);
    return has;
}

/* --- the queue file --- */

/* The file, wherever an administrator may have moved it meanwhile. */
static int open_file(const struct message *m)
{
    static const char *const queues[] = {"hold", "deferred", "incoming"};
    int fd = open(m->where.path, O_WRONLY | O_CLOEXEC);

    for (size_t i = 0; fd < 0 && errno == ENOENT && i < ARRAY_SIZE(queues); i++)
        fd = queue_open(queues[i], m->queue_id, O_WRONLY | O_CLOEXEC, 0);
    return fd;
}

/* Postfix, too, leaves such marks unsynced. */
static void write_in_file(const struct message *m, off_t offset, const char *bytes, size_t n)
{
    int fd = open_file(m);

    if (fd < 0 && errno == ENOENT)
        return; /* deleted */
    if (fd < 0 || pwrite(fd, bytes, n, offset) != (ssize_t) n)
        log_warn("%s: update queue file %s: %m", m->queue_id, m->where.path);
    if (fd >= 0)
        close(fd);
}

static void mark_in_file(const struct message *m, uint32_t offset)
{
    static const char done = REC_DONE;

    write_in_file(m, offset, &done, 1);
}

void qmgr_store_recipient_done(struct message *m, uint32_t offset)
{
    if (m->feed == NULL) {
        mark_in_file(m, offset);
        return;
    }
    if (m->done_count == m->done_room) {
        m->done_room = m->done_room * 2 + 8;
        m->done = mem_realloc(m->done, m->done_room * sizeof(*m->done));
    }
    m->done[m->done_count++] = offset;
    qmgr_feed_mark_recipient(m->feed, m, offset);
}

/* RFC 3464 knows one kind of warning: one is enough. */
void qmgr_store_no_more_warnings(struct message *m)
{
    char text[32];
    int n = snprintf(text, sizeof(text), "%15ld", -1L);

    m->e.warn_time = -1;
    if (m->e.warn_offset != 0)
        write_in_file(m, m->e.warn_offset, text, (size_t) n);
}

void qmgr_store_no_more_traces(struct message *m)
{
    static const char killed = REC_KILLED;

    m->e.trace_flags = 0;
    if (m->e.trace_offset != 0)
        write_in_file(m, m->e.trace_offset, &killed, 1);
}

/* --- from the journal to a file --- */

struct settling {
    struct message *message;
    const char *queue;          /* where to: incoming, active, deferred, corrupt or saved */
    time_t mtime;
    size_t done_count;          /* marks that the file will show */
    msec since;
    struct timer again;
};

static void begin(void *arg);

/* An agent still reads the entry, so it cannot be marked as done yet; but who lists the journal, or recovers it, must
 * not take for mail what an administrator removes as a file meanwhile. So its recipients are done. */
static void retire_entry(struct message *m)
{
    struct message_bytes b;
    struct envelope e;
    struct arena a = {0};
    struct str why = {0};

    if (m->reading > 0 && message_open(m->queue_id, &m->where, &b, &why)) {
        if (envelope_read(&a, b.bytes, b.n, 0, &e, NULL, &why))
            for (size_t i = 0; i < e.recipient_count; i++)
                qmgr_feed_mark_recipient(m->feed, m, e.recipients[i].offset);
        message_close(&b);
    }
    arena_done(&a);
    str_done(&why);
}

/* The file is where queue says; the entry of the journal is not needed any more. */
static void become_file(struct message *m, const char *queue)
{
    struct str path = {0};

    retire_entry(m);
    m->where.path = arena_strdup(&m->arena, queue_path(&path, queue, m->queue_id));
    m->where.offset = 0;
    str_done(&path);
    list_remove(&m->link);
    m->mark_feed = m->feed;
    m->feed = NULL;
    release_entry(m);
    for (; m->done_in_file < m->done_count; m->done_in_file++)
        mark_in_file(m, m->done[m->done_in_file]);
}

static void is_deferred_now(struct message *m, time_t retry)
{
    qmgr_deferred_add(m->queue_id, retry);
    qmgr_message_free(m);
}

/* Since the file is complete others may have seen it: the flush service, which moves it to incoming/. */
static void settled_as_deferred(struct message *m, const struct settling *s)
{
    if (!queue_has("deferred", m->queue_id)) {
        qmgr_intake_scan(INTAKE_INCOMING);
        qmgr_message_free(m);
        return;
    }
    /* On a full disk this may have taken long: a flush meant this message, too. */
    is_deferred_now(m, qmgr_intake_was_flushed(s->since) ? 0 : s->mtime);
}

static void settled(void *arg, bool ok)
{
    struct settling *s = arg;
    struct message *m = s->message;

    if (!ok) {
        s->again = (struct timer){.fire = begin, .arg = s};
        timer_set(&s->again, clock_after(SETTLE_AGAIN_MS));
        return;
    }
    m->is_settling = false;
    m->done_in_file = s->done_count;
    become_file(m, s->queue);
    void (*next)(struct message *) = m->when_settled;
    m->when_settled = NULL;
    if (strcmp(s->queue, "active") == 0) {
        if (next != NULL)
            next(m);
    } else if (strcmp(s->queue, "deferred") == 0) {
        settled_as_deferred(m, s);
    } else {
        if (strcmp(s->queue, "incoming") == 0)
            qmgr_intake_scan(INTAKE_INCOMING);
        qmgr_message_free(m);
    }
    mem_free(s);
    qmgr_turn_soon();
}

static void begin(void *arg)
{
    struct settling *s = arg;
    struct message *m = s->message;

    s->done_count = m->done_count;
    settle_message(s->queue, m->queue_id, &m->where, s->mtime, m->done, m->done_count, settled, s);
}

static void settle_to(struct message *m, const char *queue, time_t mtime)
{
    struct settling *s = mem_zalloc(sizeof(*s));

    *s = (struct settling){.message = m, .queue = queue, .mtime = mtime, .since = clock_now()};
    m->is_settling = true;
    qmgr_feed_settling(m);
    begin(s);
}

/* Wait for a settling that is under way already. False: there is none. */
static bool is_put_off(struct message *m, void (*next)(struct message *m))
{
    if (!m->is_settling)
        return false;
    if (next != NULL)
        m->when_settled = next;
    return true;
}

void qmgr_store_settle(struct message *m, void (*next)(struct message *m))
{
    if (m->feed == NULL) {
        if (next != NULL)
            next(m);
        return;
    }
    if (is_put_off(m, next))
        return;
    m->when_settled = next;
    settle_to(m, m->state == MESSAGE_WAITING ? "incoming" : "active", 0);
}

void qmgr_store_adopt(struct message *m)
{
    if (m->feed == NULL) { /* a done mark that came too late to be sent */
        m->mark_feed = NULL;
        return;
    }
    if (m->state == MESSAGE_WAITING) { /* the scan of incoming/ will find it */
        qmgr_message_free(m);
        return;
    }
    if (!queue_rename(m->queue_id, "incoming", "active") && errno != ENOENT)
        log_warn("%s: rename from incoming to active: %m", m->queue_id);
    become_file(m, "active");
    m->mark_feed = NULL;
}

/* --- ends --- */

void qmgr_store_drop(struct message *m)
{
    if (is_put_off(m, qmgr_store_drop))
        return;
    if (m->feed != NULL)
        qmgr_feed_mark_done(m->feed, m);
    qmgr_message_free(m);
}

/* --- moving the file out of active/ --- */

struct move {
    struct message *message;
    const char *to;             /* deferred, corrupt or saved */
    time_t retry;               /* deferred: when it is tried again */
    msec pause;
    struct timer again;
};

static void move_file(struct message *m, const char *to, time_t retry, msec pause);

static void move_again(void *arg)
{
    struct move *move = arg;

    move_file(move->message, move->to, move->retry, move->pause);
    mem_free(move);
}

/* The disk may be full, or its file system have become read-only: the message is kept in mind until it can be moved. */
static void move_later(struct message *m, const char *to, time_t retry, msec pause)
{
    log_warn("%s: rename %s from %s to %s: %m", m->queue_id, m->queue_id, "active", to);
    struct move *move = mem_zalloc(sizeof(*move));
    *move = (struct move){.message = m, .to = to, .retry = retry,
        .pause = pause * 2 < MOVE_AGAIN_MAX_MS ? pause * 2 : MOVE_AGAIN_MAX_MS,
        .again = {.fire = move_again, .arg = move}};
    timer_set(&move->again, clock_after(pause));
}

static void move_file(struct message *m, const char *to, time_t retry, msec pause)
{
    bool is_moved = queue_rename(m->queue_id, "active", to);

    if (!is_moved && errno != ENOENT)
        move_later(m, to, retry, pause);
    else if (is_moved && strcmp(to, "deferred") == 0)
        is_deferred_now(m, retry);
    else
        qmgr_message_free(m);
}

/* dont_remove: somebody wants to look at it. */
static void save(struct message *m)
{
    if (m->feed != NULL)
        settle_to(m, "saved", 0);
    else
        move_file(m, "saved", 0, MOVE_AGAIN_MS);
}

void qmgr_store_remove(struct message *m)
{
    if (is_put_off(m, qmgr_store_remove))
        return;
    qmgr_recent_add(m->queue_id);
    log_info("%s: removed", m->queue_id);
    if (conf.dont_remove != 0) {
        save(m);
        return;
    }
    if (m->feed != NULL)
        qmgr_feed_mark_done(m->feed, m);
    else if (!erase_file("active", m->queue_id) && errno != ENOENT)
        log_warn("%s: remove %s from %s: %m", m->queue_id, m->queue_id, "active");
    qmgr_message_free(m);
}

static void defer_file(struct message *m, time_t retry)
{
    struct timespec times[2] = {{.tv_sec = retry}, {.tv_sec = retry}};

    if (utimensat(AT_FDCWD, m->where.path, times, 0) < 0 && errno != ENOENT)
        log_warn("%s: update %s time stamps: %m", m->queue_id, m->where.path);
    move_file(m, "deferred", retry, MOVE_AGAIN_MS);
}

static void defer_settled(struct message *m)
{
    qmgr_store_defer(m, qmgr_deferred_retry_time(m));
}

void qmgr_store_defer(struct message *m, time_t retry)
{
    if (is_put_off(m, defer_settled))
        return;
    if (m->feed != NULL)
        settle_to(m, "deferred", retry);
    else
        defer_file(m, retry);
}

/* There may be too few descriptors, or too little memory: later things may be better. */
void qmgr_store_lost(struct message *m, const char *why)
{
    if (m->feed == NULL && access(m->where.path, F_OK) < 0 && errno == ENOENT) {
        qmgr_store_drop(m);
        return;
    }
    log_warn("%s: %s", m->queue_id, why);
    if (m->feed != NULL)
        settle_to(m, "incoming", 0);
    else
        defer_file(m, clock_seconds() + LOST_DELAY_S);
}

void qmgr_store_corrupt(struct message *m, const char *why)
{
    log_warn("%s: %s", m->queue_id, why);
    log_warn("saving corrupt file \"%s\" from queue \"%s\" to queue \"%s\"", m->queue_id, "active", "corrupt");
    if (m->feed != NULL) {
        settle_to(m, "corrupt", 0);
        return;
    }
    move_file(m, "corrupt", 0, MOVE_AGAIN_MS);
}
