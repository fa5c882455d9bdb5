/* cleanup_client.c: a connection to each worker of cleanup, many messages on it.
 *
 * What belongs to a message is gathered here and leaves in one go: the request's head (envelope)
 * and content together when the message is complete, or when BUFFER_BYTES of content have come.
 */
#include "mail/cleanup_client.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/task.h"
#include "config/config.h"
#include "config/name_set.h"
#include "ipc/attr.h"
#include "ipc/client.h"
#include "mail/cleanup_drop.h"
#include "mail/cleanup_worker.h"
#include "mail/date.h"
#include "queue/qid.h"

enum {
    BUFFER_BYTES = 32 * 1024,
    CONNECT_MS = 10000,      /* master starts cleanup when it is asked for, and that takes a moment */
    FIRST_CONTENT_BYTES = 8 * 1024
};

static bool uses_postdrop;

struct cleanup_message {
    struct cleanup_worker *worker;
    struct postdrop *drop;    /* instead of a worker and a call */
    int flags;
    char queue_id[QID_SIZE];
    struct timeval when;      /* the time in the queue id, unless it came before that */
    struct str attributes, recipients, content;
    struct call *call;        /* NULL: not yet begun, or answered, or lost */
    bool is_begun, is_answered, is_kept;
    int status;
    struct str reason;
    struct cond answered;
};

/* queue_store = file: the queue id names a file's inode, so the file has to be there first. */
static bool reserve(struct cleanup_message *m, msec deadline)
{
    struct str request = {0}, reply = {0};
    struct attrs list;
    const char *id = NULL;

    attr_put(&request, "request", "reserve");
    attr_end(&request);
    if (client_ask(m->worker->client, &request, &reply, deadline)) {
        const char *cursor = str_text(&reply);
        if (attrs_parse(&cursor, cursor + reply.len, &list))
            id = attrs_get(&list, "queue_id");
    }
    bool ok = id != NULL && qid_is_valid(id) && strlen(id) < sizeof(m->queue_id);
    if (ok) {
        strcpy(m->queue_id, id);
        m->when.tv_sec = attrs_long(&list, "sec", 0);
        m->when.tv_usec = attrs_long(&list, "usec", 0);
    }
    str_done(&request);
    str_done(&reply);
    return ok;
}

int cleanup_internal_flags(enum cleanup_internal which)
{
    static const struct name_bit names[] = {{"bounce", CLEANUP_INTERNAL_BOUNCE}, {"notify", CLEANUP_INTERNAL_NOTIFY}};
    static int filtered = -1; /* main.cf does not change in the life of a process */

    if (filtered < 0)
        filtered = name_set_parse("internal_mail_filter_classes", conf.internal_mail_filter_classes, names,
            ARRAY_SIZE(names));
    return CLEANUP_MASK_INTERNAL | ((filtered & which) != 0 ? CLEANUP_FILTER | CLEANUP_MILTER : 0);
}

void cleanup_through_postdrop(void)
{
    uses_postdrop = true;
}

static struct cleanup_message *open_drop(int flags)
{
    struct postdrop *drop = postdrop_open();

    if (drop == NULL)
        return NULL;
    struct cleanup_message *m = mem_zalloc(sizeof(*m));
    m->drop = drop;
    m->flags = flags;
    snprintf(m->queue_id, sizeof(m->queue_id), "%s", postdrop_queue_id(drop));
    return m;
}

struct cleanup_message *cleanup_open(int flags)
{
    if (uses_postdrop)
        return open_drop(flags);
    msec deadline = clock_after(CONNECT_MS);
    struct cleanup_worker *worker = cleanup_worker_get(deadline);

    if (worker == NULL) {
        log_warn("connect to %s service: cannot be reached", conf.cleanup_service_name);
        return NULL;
    }
    struct cleanup_message *m = mem_zalloc(sizeof(*m));
    m->worker = worker;
    m->flags = flags;
    cond_init(&m->answered);
    if (!worker->stores_files)
        qid_make(m->queue_id, worker->id_slot, conf.enable_long_queue_ids, &m->when);
    else if (!reserve(m, deadline)) {
        log_warn("%s service: no queue file could be made", conf.cleanup_service_name);
        mem_free(m);
        return NULL;
    }
    worker->message_count++;
    return m;
}

const char *cleanup_queue_id(const struct cleanup_message *m)
{
    return m->queue_id;
}

void cleanup_attr(struct cleanup_message *m, const char *name, const char *value)
{
    attr_put(&m->attributes, name, value);
}

void cleanup_recipient(struct cleanup_message *m, const char *address, const char *original, const char *dsn_orcpt,
    int dsn_notify)
{
    struct str *out = &m->recipients;

    attr_put(out, "recipient", address);
    attr_put(out, "original_recipient", original);
    attr_put(out, "dsn_orcpt", dsn_orcpt == NULL ? "" : dsn_orcpt);
    attr_put_long(out, "notify", dsn_notify);
    attr_end(out);
}

void cleanup_arrival(struct cleanup_message *m, struct timeval when)
{
    m->when = when;
}

void cleanup_add_flags(struct cleanup_message *m, int flags)
{
    m->flags |= flags;
}

void cleanup_keep(struct cleanup_message *m)
{
    m->is_kept = true;
}

/* From the loop, once. */
static void on_reply(void *arg, const char *reply, size_t n)
{
    struct cleanup_message *m = arg;
    const char *cursor = reply;
    struct attrs list;

    m->call = NULL;
    m->is_answered = true;
    if (reply == NULL)
        m->status = CLEANUP_STAT_BAD;
    else if (!attrs_parse(&cursor, reply + n, &list)) {
        log_warn("%s service: malformed reply", conf.cleanup_service_name);
        m->status = CLEANUP_STAT_BAD;
    } else {
        m->status = (int) attrs_long(&list, "status", CLEANUP_STAT_BAD);
        str_set(&m->reason, attrs_text(&list, "reason", ""));
    }
    cond_wake_all(&m->answered);
}

/* The worker that named the queue id, or, if it has gone since, another: ids stay unique. */
static bool reach_worker(struct cleanup_message *m)
{
    if (m->worker->mux != NULL)
        return true;
    struct cleanup_worker *w = cleanup_worker_get(clock_after(CONNECT_MS));
    if (w == NULL)
        return false;
    m->worker->message_count--;
    w->message_count++;
    m->worker = w;
    return true;
}

/* Open the request: everything but the content. */
static bool begin(struct cleanup_message *m)
{
    struct str head = {0};

    m->is_begun = true;
    if (m->drop != NULL) {
        cleanup_drop_envelope(m->drop, m->flags, &m->attributes, &m->recipients);
        return true;
    }
    if (!reach_worker(m)) {
        m->is_answered = true;
        m->status = CLEANUP_STAT_BAD;
        return false;
    }
    str_reserve(&head, m->attributes.len + m->recipients.len + 128);
    attr_put(&head, "request", "message");
    attr_put(&head, "queue_id", m->queue_id);
    attr_put_long(&head, "flags", m->flags);
    attr_put_long(&head, "sec", m->when.tv_sec);
    attr_put_long(&head, "usec", m->when.tv_usec);
    str_add(&head, str_text(&m->attributes), m->attributes.len);
    attr_end(&head);
    str_add(&head, str_text(&m->recipients), m->recipients.len);
    attr_end(&head);
    m->call = call_start(m->worker->mux, &head, on_reply, m);
    str_done(&head);
    return true;
}

static bool send_content(struct cleanup_message *m)
{
    if (!m->is_begun && !begin(m))
        return false;
    if (m->drop != NULL)
        return cleanup_drop_content(m->drop, &m->content);
    if (m->call == NULL)
        return false;
    bool ok = m->content.len == 0 || call_data(m->call, m->content.data, m->content.len);
    str_clear(&m->content);
    return ok;
}

bool cleanup_content(struct cleanup_message *m, const char *bytes, size_t n)
{
    if (m->is_answered)
        return false;
    if (m->content.data == NULL)
        str_reserve(&m->content, n < FIRST_CONTENT_BYTES ? FIRST_CONTENT_BYTES : n);
    str_add(&m->content, bytes, n);
    return m->content.len < BUFFER_BYTES || m->is_kept || send_content(m);
}

static void release(struct cleanup_message *m)
{
    if (m->worker != NULL)
        m->worker->message_count--;
    str_done(&m->attributes);
    str_done(&m->recipients);
    str_done(&m->content);
    str_done(&m->reason);
    mem_free(m);
}

bool cleanup_own_header(struct cleanup_message *m)
{
    struct str text = {0};
    const char *now = date_rfc5322(clock_wall().tv_sec);

    str_setf(&text, "Received: by %s (%s)\n\tid %s; %s\nDate: %s\n", conf.myhostname, conf.mail_name, m->queue_id,
        now, now);
    bool ok = cleanup_content(m, text.data, text.len);
    str_done(&text);
    return ok;
}

static int commit_drop(struct cleanup_message *m, struct str *reason)
{
    send_content(m);
    int status = cleanup_drop_commit(m->drop, &m->content, &m->reason);
    if (reason != NULL)
        str_set(reason, str_text(&m->reason));
    release(m);
    return status;
}

int cleanup_commit(struct cleanup_message *m, struct str *reason)
{
    if (m->drop != NULL)
        return commit_drop(m, reason);
    msec deadline = clock_after((msec) conf.ipc_timeout * 1000);

    if (!m->is_answered && send_content(m))
        call_end(m->call);
    while (!m->is_answered && cond_wait(&m->answered, deadline) == WAKE_READY)
        continue;
    int status = m->is_answered ? m->status : CLEANUP_STAT_BAD;
    if (!m->is_answered)
        call_cancel(m->call);
    if (reason != NULL)
        str_set(reason, str_text(&m->reason));
    release(m);
    return status;
}

/* A message of which cleanup knows nothing yet is opened to be cancelled: cleanup logs the end of
 * this queue id, and removes the file that was reserved for it. */
void cleanup_cancel(struct cleanup_message *m)
{
    if (m == NULL)
        return;
    if (m->drop != NULL) {
        postdrop_cancel(m->drop);
        release(m);
        return;
    }
    if (!m->is_begun)
        begin(m);
    call_cancel(m->call);
    release(m);
}

const struct cleanup_words *cleanup_words(int status)
{
    /* Which of several bits speaks: the first row that matches. */
    static const struct cleanup_words table[] = {
        {CLEANUP_STAT_DEFER, 451, "4.7.1", "service unavailable"},
        {CLEANUP_STAT_PROXY, 451, "4.3.0", "queue file write error"},
        {CLEANUP_STAT_BAD, 451, "4.3.0", "queue file write error"},
        {CLEANUP_STAT_RCPT, 554, "5.5.1", "no recipients specified"},
        {CLEANUP_STAT_HOPS, 554, "5.4.0", "too many hops"},
        {CLEANUP_STAT_SIZE, 552, "5.3.4", "message file too big"},
        {CLEANUP_STAT_CONT, 550, "5.7.1", "message content rejected"},
        {CLEANUP_STAT_SPACE, 452, "4.3.1", "insufficient system storage"},
        {CLEANUP_STAT_WRITE, 451, "4.3.0", "queue file write error"},
        {CLEANUP_STAT_NOPERM, 550, "5.7.1", "service denied"},
        {CLEANUP_STAT_BARE_LF, 550, "5.5.2", "bare newline received"},
    };
    static const struct cleanup_words success = {0, 250, "2.0.0", "Success"};

    for (size_t i = 0; i < ARRAY_SIZE(table); i++)
        if ((status & table[i].status) != 0)
            return &table[i];
    return &success;
}
