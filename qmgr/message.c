#include "qmgr/message.h"

#include <stdio.h>
#include <string.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/vec.h"
#include "config/config.h"
#include "mail/quote.h"
#include "qmgr/finish.h"
#include "qmgr/job.h"
#include "qmgr/resolve.h"
#include "qmgr/store.h"
#include "qmgr/transport.h"
#include "qmgr/turn.h"
#include "queue/record.h"

enum { READ_AT_ONCE = 5000, KEEP_FREE = 1000 };

static struct hash messages;         /* all that are in memory, by queue id */
static struct vec unused;            /* for the next message, each with a block of memory */
static size_t active_count, recipient_count, probe_count;

struct message *qmgr_message_find(const char *queue_id)
{
    return hash_get(&messages, queue_id);
}

struct message *qmgr_message_new(const char *queue_id)
{
    struct hash_entry *e = hash_slot(&messages, queue_id, strlen(queue_id));

    if (e->value != NULL)
        return NULL;
    struct message *m = vec_pop(&unused);
    if (m == NULL)
        m = mem_zalloc(sizeof(*m));
    e->value = m;
    m->queue_id = e->key;
    m->since = clock_now();
    list_init(&m->link);
    list_init(&m->waiting);
    return m;
}

void qmgr_message_free(struct message *m)
{
    if (m->state != MESSAGE_WAITING)
        active_count--;
    if ((m->e.trace_flags & TRACE_VERIFY) != 0)
        probe_count--;
    for (struct job *j = m->jobs; j != NULL; j = j->next)
        if (j->recipients > 0)
            panic("%s: %zu recipients are still on %s", m->queue_id, j->recipients, j->transport->name);
    list_remove(&m->link);
    list_remove(&m->waiting);
    hash_remove(&messages, m->queue_id);
    mem_free(m->done);
    qmgr_turn_soon(); /* there is room for another */
    if (unused.count >= KEEP_FREE) {
        arena_done(&m->arena);
        mem_free(m);
        return;
    }
    struct arena arena = m->arena;
    arena_clear(&arena);
    *m = (struct message){.arena = arena};
    vec_add(&unused, m);
}

void qmgr_message_each(void (*visit)(struct message *m, void *arg), void *arg)
{
    struct hash_entry *next = hash_next(&messages, NULL);

    while (next != NULL) {
        struct message *m = next->value;
        next = hash_next(&messages, next);
        visit(m, arg);
    }
}

size_t qmgr_message_count(void)
{
    return messages.count;
}

size_t qmgr_message_active_count(void)
{
    return active_count;
}

size_t qmgr_message_probe_count(void)
{
    return probe_count;
}

bool qmgr_message_has_room(void)
{
    return active_count < (size_t) conf.qmgr_message_active_limit;
}

const char *qmgr_message_log_address(const char *address)
{
    static struct str quoted; /* valid until the next call */

    return strcmp(conf.info_log_address_format, "internal") == 0 ? address : quote_822(address, &quoted);
}

/* --- recipients --- */

/* How many recipients may be read now, given what the transports of those before would take. */
static size_t allowance(size_t transport_room)
{
    size_t limit = (size_t) conf.qmgr_message_recipient_limit, least = (size_t) conf.qmgr_message_recipient_minimum;
    size_t room = recipient_count < limit ? limit - recipient_count : 0;

    room = room < transport_room ? room : transport_room;
    room = room < READ_AT_ONCE ? room : READ_AT_ONCE;
    return room > least ? room : least;
}

static const struct envelope_recipient *first_of(const struct envelope_recipient *list, size_t n)
{
    const struct envelope_recipient *first = list;

    for (size_t i = 1; i < n; i++)
        if (qmgr_resolve_compare(list[i].address, first->address) < 0)
            first = &list[i];
    return first;
}

static void add_recipients(struct message *m, const struct envelope_recipient *from, size_t n, struct chunk *chunk)
{
    struct recipient *list;

    if (*m->e.redirect != 0 && n > 0) { /* it stands for all of them */
        from = first_of(from, n);
        n = 1;
        m->next_offset = 0;
    }
    list = arena_zalloc(chunk != NULL ? &chunk->arena : &m->arena, n * sizeof(*list));
    for (size_t i = 0; i < n; i++)
        list[i] = (struct recipient){.chunk = chunk, .address = from[i].address, .original = from[i].original,
            .dsn_orcpt = from[i].dsn_orcpt, .dsn_notify = from[i].dsn_notify, .offset = from[i].offset};
    if (chunk != NULL)
        chunk->open = n;
    m->open += n;
    recipient_count += n;
    m->refilled = clock_now();
    qmgr_resolve(m, list, n);
}

/* The third number of the size record: all recipients of the file. */
static size_t count_in_file(const struct message_bytes *bytes)
{
    struct record r;
    size_t next = 0;
    long count = 0;
    char text[128];

    if (record_next(bytes->bytes, bytes->n, &next, &r) != RECORD_OK || r.type != REC_SIZE || r.len >= sizeof(text))
        return 0;
    memcpy(text, r.payload, r.len);
    text[r.len] = 0;
    return sscanf(text, "%*d %*d %ld", &count) == 1 && count > 0 ? (size_t) count : 0;
}

static void log_active(const struct message *m, const struct message_bytes *bytes)
{
    size_t count = m->e.recipient_count + m->e.done_count;

    if (m->next_offset != 0)
        count = count_in_file(bytes);
    log_info("%s: from=<%s>, size=%llu, nrcpt=%zu (queue active)", m->queue_id,
        qmgr_message_log_address(m->e.sender), (unsigned long long) m->e.content_size, count);
}

static void leave_deferred(struct message *m)
{
    m->next_offset = 0;
    m->is_deferred = true;
}

void qmgr_message_start(struct message *m)
{
    struct message_bytes bytes;
    struct str why = {0};

    m->state = MESSAGE_ACTIVE;
    active_count++;
    m->active = clock_wall();
    if (!message_open(m->queue_id, &m->where, &bytes, &why)) {
        qmgr_store_lost(m, str_text(&why));
        str_done(&why);
        return;
    }
    if (!envelope_read(&m->arena, bytes.bytes, bytes.n, allowance(READ_AT_ONCE), &m->e, &m->next_offset, &why)) {
        message_close(&bytes);
        qmgr_store_corrupt(m, str_text(&why));
        str_done(&why);
        return;
    }
    if ((m->e.trace_flags & TRACE_VERIFY) != 0)
        probe_count++;
    log_active(m, &bytes);
    message_close(&bytes);
    if (m->is_force_expired && qmgr_store_has_log(m, "defer")) /* intake.c kept the reasons: no last attempt */
        leave_deferred(m);
    else
        add_recipients(m, m->e.recipients, m->e.recipient_count, NULL);
    qmgr_message_check(m);
}

/* More of them, as far as there is room. False: the file is gone or damaged. */
static bool read_more(struct message *m)
{
    struct chunk *chunk = mem_zalloc(sizeof(*chunk));
    struct envelope_recipient *list = NULL;
    struct message_bytes bytes;
    struct str why = {0};
    size_t n = 0;

    bool ok = message_open(m->queue_id, &m->where, &bytes, &why);
    if (ok) {
        ok = envelope_more(&chunk->arena, bytes.bytes, bytes.n, &m->e, &m->next_offset, allowance(qmgr_job_room(m)),
            &list, &n, &why);
        message_close(&bytes);
    }
    if (ok && n > 0) {
        add_recipients(m, list, n, chunk);
    } else {
        arena_done(&chunk->arena);
        mem_free(chunk);
    }
    if (!ok) {
        log_warn("%s: %s", m->queue_id, str_text(&why));
        m->next_offset = 0;
        m->is_deferred = true; /* what was not read stays in the queue */
    }
    str_done(&why);
    return ok;
}

/* Is there so much room again that reading is worth while, or was the last time long ago? */
static bool is_refill_due(const struct message *m)
{
    const struct job *j = m->jobs;

    if (m->next_offset == 0)
        return false;
    if (m->open == 0)
        return true;
    if (j == NULL) /* the first are still being resolved */
        return false;
    size_t room = qmgr_job_room(m);
    return m->open < READ_AT_ONCE &&
           ((room >= j->transport->refill_limit && m->open + j->transport->refill_limit <= READ_AT_ONCE) ||
               (room > 0 && clock_now() - m->refilled >= j->transport->refill_delay));
}

void qmgr_message_check(struct message *m)
{
    while (is_refill_due(m) && read_more(m))
        continue;
    if (m->open == 0 && m->next_offset == 0 && m->state == MESSAGE_ACTIVE) {
        m->state = MESSAGE_ENDING;
        qmgr_finish(m);
    }
}

void qmgr_message_recipient_done(struct message *m, struct recipient *r)
{
    struct chunk *chunk = r->chunk;

    m->open--;
    recipient_count--;
    if (chunk != NULL && --chunk->open == 0) {
        arena_done(&chunk->arena);
        mem_free(chunk);
    }
}
