#include "qmgr/feed.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/list.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "mail/qmgr_notes.h"
#include "qmgr/deferred.h"
#include "qmgr/intake.h"
#include "qmgr/message.h"
#include "qmgr/recent.h"
#include "qmgr/store.h"
#include "qmgr/turn.h"
#include "queue/dirs.h"
#include "queue/journal.h"
#include "queue/settle.h"
#include "queue/slot.h"

enum { TAKE_OVER_AGAIN_MS = 200, MAX_SETTLING = 2000 };

struct feed {
    struct list link;        /* on feeds */
    struct mux *mux;         /* NULL: the process is gone */
    bool is_writer;
    unsigned slot;
    struct hash segments;    /* the paths of its segments, kept */
    const char *segment;     /* the last one */
    struct str marks;        /* to be sent at the end of the turn */
    struct list messages;    /* in its journal, by age, but for those that are being settled */
    struct list settling;
    struct list waiting;     /* of these, those not yet started */
    unsigned readers;        /* deliveries under way that read the journal */
    int lock;                /* of the slot, when it was settled: nobody writes here while there are readers */
    bool is_over;            /* settled, or another connection of the same process goes on */
    struct timer take_over;
};

static struct list feeds = {&feeds, &feeds}; /* one for each connection, and for journals to be taken over */

static struct feed *feed_of(const struct mux *m)
{
    list_each(pos, &feeds) {
        struct feed *f = list_entry(pos, struct feed, link);
        if (f->mux == m)
            return f;
    }
    return NULL;
}

static void take_over(void *arg);

static struct feed *feed_new(struct mux *m)
{
    struct feed *f = mem_zalloc(sizeof(*f));

    f->mux = m;
    f->lock = -1;
    f->take_over = (struct timer){.fire = take_over, .arg = f};
    list_init(&f->messages);
    list_init(&f->settling);
    list_init(&f->waiting);
    list_append(&feeds, &f->link);
    return f;
}

static void free_if_over(struct feed *f)
{
    if (!f->is_over || f->readers > 0)
        return;
    if (f->lock >= 0)
        close(f->lock);
    timer_stop(&f->take_over);
    list_remove(&f->link);
    hash_done(&f->segments, NULL);
    str_done(&f->marks);
    mem_free(f);
}

void qmgr_feed_reader(struct feed *f, int change)
{
    f->readers += (unsigned) change;
    free_if_over(f);
}

/* --- marks --- */

void qmgr_feed_mark_done(struct feed *f, const struct message *m)
{
    qmgr_notes_put_mark(&f->marks, QMGR_MARK_DONE, m->seq, 0);
    qmgr_turn_soon();
}

void qmgr_feed_mark_recipient(struct feed *f, const struct message *m, uint32_t offset)
{
    qmgr_notes_put_mark(&f->marks, QMGR_MARK_RECIPIENT, m->seq, offset);
    qmgr_turn_soon();
}

void qmgr_feed_flush(void)
{
    list_each(pos, &feeds) {
        struct feed *f = list_entry(pos, struct feed, link);
        if (f->mux == NULL || f->marks.len == 0)
            continue;
        mux_note(f->mux, &f->marks);
        str_clear(&f->marks);
    }
}

/* --- what is announced --- */

static const char *keep_path(struct feed *f, const char *path)
{
    if (f->segment == NULL || strcmp(f->segment, path) != 0)
        f->segment = hash_slot(&f->segments, path, strlen(path))->key;
    return f->segment;
}

static void keep_paths(struct feed *f, const struct list *messages)
{
    list_each(pos, messages) {
        struct message *m = list_entry(pos, struct message, link);
        m->where.path = keep_path(f, m->where.path);
    }
}

static void place(struct feed *f, struct message *m, const struct qmgr_note *note)
{
    m->feed = f;
    m->seq = note->seq;
    m->where = note->where;
    m->where.path = keep_path(f, note->where.path);
    list_append(&f->messages, &m->link);
}

static void add(struct feed *f, const struct qmgr_note *note)
{
    struct message *m = qmgr_message_new(note->queue_id);

    if (m == NULL)
        return; /* announced twice */
    place(f, m, note);
    m->has_reports = note->type == QMGR_NOTE_LIVE; /* there may be logs from before */
    list_append(&f->waiting, &m->waiting);
}

/* Is it a queue file by now, or was it done a moment ago? */
static bool is_file_or_done(const char *queue_id)
{
    static const char *const queues[] = {"incoming", "active", "deferred", "hold", "corrupt"};

    if (qmgr_deferred_knows(queue_id) || qmgr_recent_has(queue_id))
        return true;
    for (size_t i = 0; i < ARRAY_SIZE(queues); i++)
        if (queue_has(queues[i], queue_id))
            return true;
    return false;
}

/* A live entry of a process that was connected before: perhaps a mark was lost with the connection. */
static void live(struct feed *f, const struct qmgr_note *note)
{
    struct message *m = qmgr_message_find(note->queue_id);

    if (m != NULL && (m->feed != NULL || m->mark_feed != NULL))
        return;
    if (m != NULL || is_file_or_done(note->queue_id)) {
        qmgr_notes_put_mark(&f->marks, QMGR_MARK_DONE, note->seq, 0);
        return;
    }
    add(f, note);
}

static void rebind(struct message *m, void *arg)
{
    struct feed **from_to = arg;

    if (m->feed == from_to[0])
        m->feed = from_to[1];
    if (m->mark_feed == from_to[0])
        m->mark_feed = from_to[1];
}

/* The process that had this slot before is the same, with another connection: else its journal
 * would have been settled before somebody else got the slot. */
static void is_writer(struct feed *f, unsigned slot)
{
    f->is_writer = true;
    f->slot = slot;
    list_each_safe(pos, after, &feeds) {
        struct feed *old = list_entry(pos, struct feed, link);
        if (old == f || !old->is_writer || old->slot != slot || old->is_over)
            continue;
        struct feed *from_to[] = {old, f};
        qmgr_message_each(rebind, from_to);
        list_splice(&f->messages, &old->messages);
        list_splice(&f->settling, &old->settling);
        list_splice(&f->waiting, &old->waiting);
        keep_paths(f, &f->messages);
        keep_paths(f, &f->settling);
        str_add(&f->marks, str_text(&old->marks), old->marks.len);
        old->is_over = true;
        free_if_over(old);
    }
}

void qmgr_feed_note(struct mux *m, const char *bytes, size_t n)
{
    const char *cursor = bytes, *end = bytes + n;
    struct feed *f = feed_of(m);
    struct qmgr_note note;

    if (f == NULL)
        f = feed_new(m);
    while (cursor < end) {
        if (!qmgr_notes_next(&cursor, end, &note)) {
            log_warn("malformed note from cleanup");
            break;
        }
        if (note.type == QMGR_NOTE_WRITER)
            is_writer(f, note.slot);
        else if (note.seq == 0 || !location_is_journal(&note.where))
            qmgr_intake_file(note.queue_id);
        else if (note.type == QMGR_NOTE_LIVE)
            live(f, &note);
        else
            add(f, &note);
    }
    qmgr_turn_soon();
}

struct message *qmgr_feed_next(void)
{
    list_each(pos, &feeds) {
        struct feed *f = list_entry(pos, struct feed, link);
        struct message *m = list_first(&f->waiting, struct message, waiting);
        if (m == NULL)
            continue;
        list_remove(&m->waiting);
        list_remove(&f->link); /* the others come first the next time */
        list_append(&feeds, &f->link);
        return m;
    }
    return NULL;
}

/* --- settling --- */

void qmgr_feed_settling(struct message *m)
{
    list_remove(&m->waiting);
    list_remove(&m->link);
    list_append(&m->feed->settling, &m->link);
}

void qmgr_feed_settle(msec before)
{
    list_each(pos, &feeds) {
        struct feed *f = list_entry(pos, struct feed, link);
        struct message *m;
        while (f->mux != NULL && settle_pending() < MAX_SETTLING &&
               (m = list_first(&f->messages, struct message, link)) != NULL && m->since <= before)
            qmgr_store_settle(m, NULL);
    }
}

bool qmgr_feed_has_older(msec before)
{
    list_each(pos, &feeds) {
        struct feed *f = list_entry(pos, struct feed, link);
        const struct message *first = list_first(&f->messages, struct message, link);
        const struct message *settling = list_first(&f->settling, struct message, link);
        if ((first != NULL && first->since <= before) || (settling != NULL && settling->since <= before))
            return true;
    }
    return false;
}

/* --- the end of a writer --- */

void qmgr_feed_closed(struct mux *m)
{
    struct feed *f = feed_of(m);

    if (f == NULL)
        return;
    f->mux = NULL;
    f->is_over = !f->is_writer;
    if (f->is_over)
        free_if_over(f);
    else
        timer_set(&f->take_over, clock_now());
}

/* What the dead writer had not yet read of our marks is in incoming/ again. */
static void remove_done(void)
{
    struct queue_scan *scan = queue_scan_open("incoming");
    struct str path = {0};
    const char *id;

    while ((id = queue_scan_next(scan, &path)) != NULL)
        if (qmgr_recent_has(id) && qmgr_message_find(id) == NULL && unlink(str_text(&path)) < 0 && errno != ENOENT)
            log_warn("%s: remove %s: %m", id, str_text(&path));
    queue_scan_close(scan);
    str_done(&path);
}

static void forget_marks(struct message *m, void *arg)
{
    if (m->mark_feed == arg)
        m->mark_feed = NULL;
}

static void take_over(void *arg)
{
    struct feed *f = arg;
    struct str why = {0};
    struct message *m;

    if (!list_is_empty(&f->settling)) { /* a file of that name is being written */
        timer_set(&f->take_over, clock_after(TAKE_OVER_AGAIN_MS));
        return;
    }
    long n = journal_settle((int) f->slot, &why);
    if (n < 0) { /* it lives, and will connect again; or the disk is full */
        timer_set(&f->take_over, clock_after(TAKE_OVER_AGAIN_MS * 5));
        str_done(&why);
        return;
    }
    if (f->readers > 0 && slot_lock(f->slot, false, &f->lock, &why) != SLOT_LOCKED)
        f->lock = -1;
    while ((m = list_first(&f->messages, struct message, link)) != NULL)
        qmgr_store_adopt(m);
    qmgr_message_each(forget_marks, f);
    if (n > 0) {
        remove_done();
        qmgr_intake_scan(INTAKE_INCOMING);
    }
    f->is_over = true;
    free_if_over(f);
    str_done(&why);
    qmgr_turn_soon();
}
