#include "queue/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "config/config.h"
#include "queue/record.h"
#include "queue/segment.h"
#include "queue/slot.h"
#include "queue/spare.h"

enum {
    KEEP_FREE = 4,           /* as many segments more than are in use stay on the disk */
    RETRY_MS = 1000,         /* after a segment could not be made */
    MARKS_MAX = 1024,        /* in one entry */
    KEEP_BYTES = 1024 * 1024 /* of a buffer, after a burst */
};

/* What is written at once: a run of bytes in one segment. */
struct chunk {
    struct segment *segment;
    uint64_t offset;
    struct str bytes;
    bool has_message, ok;
};

/* Who is told at the end of the turn. */
struct waiter {
    journal_done *done;
    void *arg;
    uint64_t seq;
    size_t chunk; /* its number in the batch; NO_CHUNK: there was no room */
};
static const size_t NO_CHUNK = SIZE_MAX;

struct batch {
    struct chunk *chunks;
    size_t chunk_count, chunk_room;
    struct waiter *waiters;
    size_t waiter_count, waiter_room;
    uint64_t low; /* as it is in the last entry */
};

struct journal {
    unsigned slot;
    int lock_fd;
    char *dir;
    uint64_t segment_size;
    struct list used; /* in the order of their messages; the last one is being written */
    struct list free;
    struct spare spare;           /* the next new one */
    bool must_change;             /* the last one in use is full, broken, or there is none */
    uint64_t next_seq, batch_seq; /* of the next message; of the first in this batch */
    uint64_t low, durable_low;    /* every message below is done; and that is known on the disk */
    struct batch batch;
    struct str marks; /* to be written: an array of struct entry_mark */
    size_t live_count;
    unsigned next_number; /* for the name of a new segment */
    msec retry_at;        /* no new segment before */
    struct turn_end turn_end;
};

static void free_batch(struct batch *b)
{
    for (size_t i = 0; i < b->chunk_room; i++)
        str_done(&b->chunks[i].bytes);
    mem_free(b->chunks);
    mem_free(b->waiters);
}

/* --- opening and closing --- */

struct adopting {
    struct journal *j;
    bool is_in_use;
};

static void adopt(void *arg, unsigned number)
{
    struct adopting *a = arg;
    struct journal *j = a->j;

    if (number >= j->next_number)
        j->next_number = number + 1;
    if (a->is_in_use)
        return;
    struct segment *s = segment_adopt(j->dir, number, j->segment_size);
    if (s == NULL)
        return;
    if (!entry_is_unused(&s->head)) {
        a->is_in_use = true;
        segment_free(s);
        return;
    }
    if (s->head.first_seq > j->next_seq)
        j->next_seq = s->head.first_seq;
    if (s->size != j->segment_size)
        segment_remove(s);
    else
        list_append(&j->free, &s->link);
}

static void free_segments(struct list *head)
{
    list_each_safe (pos, after, head)
        segment_free(list_entry(pos, struct segment, link));
    list_init(head);
}

/* A slot that a dead writer left and nobody has settled is not for us. */
static bool adopt_slot(struct journal *j)
{
    struct adopting a = {.j = j};

    segment_each_file(j->dir, adopt, &a);
    if (a.is_in_use)
        free_segments(&j->free);
    return !a.is_in_use;
}

static void run_commit(void *arg)
{
    journal_commit(arg);
}

struct journal *journal_open(struct str *why)
{
    struct journal *j = mem_zalloc(sizeof(*j));

    list_init(&j->used);
    list_init(&j->free);
    j->segment_size = segment_size();
    j->must_change = true;
    j->turn_end = (struct turn_end){.run = run_commit, .arg = j};
    for (j->slot = 1; j->slot <= SLOT_MAX; j->slot++) {
        j->next_seq = j->next_number = 1;
        switch (slot_lock(j->slot, true, &j->lock_fd, why)) {
        case SLOT_BUSY:
            continue;
        case SLOT_FAILED:
            mem_free(j);
            return NULL;
        case SLOT_LOCKED:
            break;
        }
        j->dir = slot_dir(j->slot);
        if (adopt_slot(j)) {
            j->low = j->durable_low = j->batch_seq = j->next_seq;
            return j;
        }
        mem_free(j->dir);
        close(j->lock_fd);
    }
    str_setf(why, "journal: all %d slots are taken", SLOT_MAX);
    mem_free(j);
    return NULL;
}

unsigned journal_slot(const struct journal *j)
{
    return j->slot;
}

size_t journal_live_count(const struct journal *j)
{
    return j->live_count;
}

void journal_close(struct journal *j)
{
    struct str why = {0};

    if (j == NULL)
        return;
    journal_commit(j);
    loop_not_at_turn_end(&j->turn_end);
    if (j->live_count == 0)
        list_each (pos, &j->used)
            segment_clear(list_entry(pos, struct segment, link), j->slot, j->next_seq);
    if (spare_is_begun(&j->spare))
        segment_free(spare_take(&j->spare, &why));
    free_segments(&j->used);
    free_segments(&j->free);
    str_done(&why);
    str_done(&j->marks);
    free_batch(&j->batch);
    close(j->lock_fd);
    mem_free(j->dir);
    mem_free(j);
}

/* --- segments --- */

static struct segment *oldest(struct journal *j)
{
    return list_first(&j->used, struct segment, link);
}

static struct segment *newest(struct journal *j)
{
    return list_is_empty(&j->used) ? NULL : list_entry(j->used.prev, struct segment, link);
}

/* Its messages are done, and whoever reads the newer segments after a power cut knows that. */
static bool is_spent(const struct journal *j, const struct segment *s)
{
    return s->live_count == 0 && s->head.first_seq + s->count <= j->durable_low;
}

/* The segments at the front that are spent: kept for use again, or given back when a burst has
 * left more of them than are needed. */
static void trim(struct journal *j)
{
    size_t spent = 0, live = 0;

    list_each (pos, &j->used) {
        if (live == 0 && is_spent(j, list_entry(pos, struct segment, link)))
            spent++;
        else
            live++;
    }
    while (spent > 0 && (oldest(j)->is_broken || spent > live + KEEP_FREE)) {
        struct segment *s = oldest(j);
        list_remove(&s->link);
        segment_remove(s);
        spent--;
    }
}

static struct segment *new_segment(struct journal *j)
{
    struct str why = {0};
    struct segment *s;

    if (clock_now() < j->retry_at)
        return NULL;
    if (spare_is_begun(&j->spare))
        s = spare_take(&j->spare, &why);
    else
        s = segment_create(j->dir, j->next_number++, j->segment_size, &why);
    if (s == NULL) {
        log_error("journal: no new segment: %s", str_text(&why));
        j->retry_at = clock_after(RETRY_MS);
    }
    str_done(&why);
    return s;
}

/* When the newest is half full and none can be used again yet, the next one is made. */
static void prepare_segment(struct journal *j)
{
    struct segment *s = newest(j);

    if (s == NULL || s->tail < s->size / 2 || !list_is_empty(&j->free) || spare_is_begun(&j->spare) ||
        clock_now() < j->retry_at || (oldest(j) != s && is_spent(j, oldest(j))))
        return;
    spare_begin(&j->spare, j->dir, j->next_number++, j->segment_size);
}

/* Go on in another segment: one that was never used by this process, else the oldest if it is
 * spent, else a new one. */
static bool change_segment(struct journal *j)
{
    struct segment *s = list_first(&j->free, struct segment, link);

    if (s == NULL && oldest(j) != NULL && oldest(j)->is_broken)
        trim(j);
    if (s == NULL && oldest(j) != newest(j) && !oldest(j)->is_broken && is_spent(j, oldest(j)))
        s = oldest(j);
    if (s == NULL)
        s = new_segment(j);
    if (s == NULL)
        return false;
    list_remove(&s->link);
    segment_begin(s, j->slot, j->next_seq);
    list_append(&j->used, &s->link);
    j->must_change = false;
    return true;
}

/* --- building a batch --- */

static struct chunk *add_chunk(struct batch *b, struct segment *s)
{
    static const char rest_of_block[ENTRY_BLOCK - sizeof(struct segment_header)];

    if (b->chunk_count == b->chunk_room) {
        b->chunk_room = b->chunk_room * 2 + 1;
        b->chunks = mem_realloc(b->chunks, b->chunk_room * sizeof(*b->chunks));
        memset(b->chunks + b->chunk_count, 0, (b->chunk_room - b->chunk_count) * sizeof(*b->chunks));
    }
    struct chunk *c = &b->chunks[b->chunk_count++];
    c->segment = s;
    c->offset = s->is_clean ? entry_round_up(s->tail, ENTRY_BLOCK) : s->tail;
    c->has_message = false;
    str_clear(&c->bytes);
    if (s->tail == 0) {
        str_add(&c->bytes, (const char *) &s->head, sizeof(s->head));
        str_add(&c->bytes, rest_of_block, sizeof(rest_of_block));
    }
    return c;
}

static uint64_t chunk_end(const struct chunk *c)
{
    return c->offset + c->bytes.len;
}

/* The chunk in which an entry with n bytes of payload fits; NULL: there is no room. */
static struct chunk *chunk_for(struct journal *j, size_t n)
{
    struct batch *b = &j->batch;
    struct chunk *c = b->chunk_count > 0 ? &b->chunks[b->chunk_count - 1] : NULL;

    if (j->must_change && !change_segment(j))
        return NULL;
    if (c == NULL || c->segment != newest(j))
        c = add_chunk(b, newest(j));
    if (entry_end(chunk_end(c), n) <= c->segment->size)
        return c;
    if (!change_segment(j))
        return NULL;
    return add_chunk(b, newest(j));
}

static void put_entry(struct journal *j, struct chunk *c, struct entry_header *e, const char *payload)
{
    static const char padding[ENTRY_ALIGN];

    e->stamp = c->segment->head.stamp;
    e->generation = c->segment->head.generation;
    e->low = j->batch.low = j->low;
    e->batch_seq = j->batch_seq;
    entry_seal(e, payload);
    str_add(&c->bytes, (const char *) e, sizeof(*e));
    str_add(&c->bytes, payload, e->length);
    str_add(&c->bytes, padding, entry_round_up(c->bytes.len, ENTRY_ALIGN) - c->bytes.len);
}

static void add_waiter(struct journal *j, journal_done *done, void *arg, uint64_t seq, size_t chunk)
{
    struct batch *b = &j->batch;

    if (b->waiter_count == b->waiter_room) {
        b->waiter_room = b->waiter_room == 0 ? 16 : b->waiter_room * 2;
        b->waiters = mem_realloc(b->waiters, b->waiter_room * sizeof(*b->waiters));
    }
    b->waiters[b->waiter_count++] = (struct waiter){.done = done, .arg = arg, .seq = seq, .chunk = chunk};
}

void journal_append(struct journal *j, const char *queue_id, const char *image, size_t n, journal_done *done, void *arg)
{
    struct entry_header e = {.type = ENTRY_MESSAGE, .length = (uint32_t) n};

    if (strlen(queue_id) >= sizeof(e.queue_id))
        panic("journal_append: queue id %s is too long", queue_id);
    loop_at_turn_end(&j->turn_end, TURN_STORE);
    bool fits = n <= (size_t) conf.queue_journal_message_limit;
    struct chunk *c = fits ? chunk_for(j, n) : NULL;
    if (c == NULL) {
        if (!fits)
            log_error("journal: message %s has %zu bytes, more than queue_journal_message_limit", queue_id, n);
        add_waiter(j, done, arg, 0, NO_CHUNK);
        return;
    }
    e.seq = j->next_seq++;
    strcpy(e.queue_id, queue_id);
    struct segment_message *m = segment_add(c->segment);
    *m = (struct segment_message){.offset = chunk_end(c) + sizeof(e), .length = e.length};
    memcpy(m->id, e.queue_id, sizeof(m->id));
    j->live_count++;
    c->has_message = true;
    put_entry(j, c, &e, image);
    add_waiter(j, done, arg, e.seq, (size_t) (c - j->batch.chunks));
}

/* --- marks --- */

static struct segment *segment_of(struct journal *j, uint64_t seq)
{
    for (struct list *pos = j->used.prev; pos != &j->used; pos = pos->prev) {
        struct segment *s = list_entry(pos, struct segment, link);
        if (seq >= s->head.first_seq)
            return s;
    }
    return NULL;
}

static struct segment_message *find(struct journal *j, uint64_t seq, struct segment **s)
{
    *s = segment_of(j, seq);
    return *s == NULL ? NULL : segment_find(*s, seq);
}

static void advance_low(struct journal *j)
{
    struct segment *s;

    while (j->low < j->next_seq) {
        struct segment_message *m = find(j, j->low, &s);
        if (m != NULL && !m->is_done)
            return;
        j->low++;
    }
}

static void add_mark(struct journal *j, uint64_t seq, uint32_t offset)
{
    struct entry_mark mark = {.seq = seq, .offset = offset};

    str_add(&j->marks, (const char *) &mark, sizeof(mark));
    loop_at_turn_end(&j->turn_end, TURN_STORE);
}

static void forget(struct journal *j, struct segment *s, struct segment_message *m, uint64_t seq)
{
    m->is_done = true;
    s->live_count--;
    j->live_count--;
    if (seq == j->low)
        advance_low(j);
}

void journal_mark_done(struct journal *j, uint64_t seq)
{
    struct segment *s;
    struct segment_message *m = find(j, seq, &s);

    if (m == NULL || m->is_done)
        return;
    forget(j, s, m, seq);
    add_mark(j, seq, 0);
}

void journal_mark_recipient(struct journal *j, uint64_t seq, uint32_t offset)
{
    static const char done = REC_DONE;
    struct segment *s;
    struct segment_message *m = find(j, seq, &s);
    char type;

    if (m == NULL || m->is_done || offset == 0 || offset >= m->length)
        return;
    if (pread(s->fd, &type, 1, (off_t) (m->offset + offset)) != 1 || type != REC_RECIPIENT)
        return;
    /* In place for all who read the message; in an entry so that it becomes durable with the next batch. */
    if (!segment_write(s, m->offset + offset, &done, 1))
        log_warn("journal: %s: %m", s->path);
    add_mark(j, seq, offset);
}

/* All marks that the journal on disk needs, again: those of the last batch may be lost. */
static void mark_again(struct journal *j)
{
    list_each (pos, &j->used) {
        struct segment *s = list_entry(pos, struct segment, link);
        for (size_t i = 0; i < s->count; i++)
            if (s->messages[i].is_done && s->head.first_seq + i >= j->low)
                add_mark(j, s->head.first_seq + i, 0);
    }
}

static void put_marks(struct journal *j)
{
    size_t put = 0;

    while (put < j->marks.len) {
        struct entry_header e = {.type = ENTRY_MARKS, .seq = j->next_seq};
        size_t n = j->marks.len - put;
        if (n > MARKS_MAX * sizeof(struct entry_mark))
            n = MARKS_MAX * sizeof(struct entry_mark);
        struct chunk *c = chunk_for(j, n);
        if (c == NULL)
            break;
        e.length = (uint32_t) n;
        put_entry(j, c, &e, j->marks.data + put);
        put += n;
    }
    str_drop(&j->marks, put);
}

/* --- the end of a turn --- */

static void write_chunk(struct journal *j, struct chunk *c, bool sync)
{
    struct segment *s = c->segment;

    c->ok = !s->is_broken && segment_write(s, c->offset, c->bytes.data, c->bytes.len);
    if (c->ok && sync)
        c->ok = fdatasync(s->fd) == 0;
    s->tail = chunk_end(c);
    s->is_clean = sync;
    if (c->ok || s->is_broken)
        return;
    /* The kernel may have dropped what it could not write, and the next sync would succeed without it. */
    log_error("journal: write %s: %m; going on in another segment", s->path);
    s->is_broken = true;
    if (s == newest(j))
        j->must_change = true;
}

static void tell(struct journal *j, struct batch *b, const struct waiter *w)
{
    struct segment *s;
    struct location where = {0};
    struct segment_message *m = w->chunk == NO_CHUNK ? NULL : find(j, w->seq, &s);

    if (m != NULL)
        where = (struct location){.path = s->path, .offset = m->offset, .length = m->length};
    if (m != NULL && !b->chunks[w->chunk].ok) {
        /* The client is told to come again: should the bytes be on the disk after all, they must not count. */
        forget(j, s, m, w->seq);
        add_mark(j, w->seq, 0);
    }
    bool ok = m != NULL && b->chunks[w->chunk].ok;
    errno = w->chunk == NO_CHUNK ? ENOSPC : EIO;
    w->done(w->arg, w->seq, ok ? &where : NULL, ok);
}

static bool write_batch(struct journal *j, struct batch *b)
{
    bool has_message = false, ok = true;

    for (size_t i = 0; i < b->chunk_count; i++)
        has_message |= b->chunks[i].has_message;
    for (size_t i = 0; i < b->chunk_count; i++) {
        write_chunk(j, &b->chunks[i], has_message);
        ok &= b->chunks[i].ok;
    }
    if (has_message && ok)
        j->durable_low = b->low;
    return ok;
}

void journal_commit(struct journal *j)
{
    put_marks(j);
    /* From here on new messages belong to the next batch: those who are told may append. */
    struct batch b = j->batch;
    j->batch = (struct batch){0};
    j->batch_seq = j->next_seq;
    if (!write_batch(j, &b))
        mark_again(j);
    for (size_t i = 0; i < b.waiter_count; i++)
        tell(j, &b, &b.waiters[i]);
    trim(j);
    prepare_segment(j);
    if (j->batch.chunk_count > 0 || j->batch.waiter_count > 0) {
        free_batch(&b);
        return;
    }
    j->batch = b;
    j->batch.chunk_count = j->batch.waiter_count = 0; /* its memory is used again, unless it is much */
    for (size_t i = 0; i < b.chunk_room; i++)
        if (b.chunks[i].bytes.room > KEEP_BYTES)
            str_done(&b.chunks[i].bytes);
}

void journal_each_live(struct journal *j,
    void (*visit)(void *arg, uint64_t seq, const char *queue_id, const struct location *where), void *arg)
{
    list_each (pos, &j->used) {
        struct segment *s = list_entry(pos, struct segment, link);
        for (size_t i = 0; i < s->count; i++) {
            const struct segment_message *m = &s->messages[i];
            struct location where = {.path = s->path, .offset = m->offset, .length = m->length};
            if (!m->is_done)
                visit(arg, s->head.first_seq + i, m->id, &where);
        }
    }
}
