#include "qmgr/deliver.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/task.h"
#include "base/vec.h"
#include "mail/delivery.h"
#include "mail/verp.h"
#include "qmgr/agent.h"
#include "qmgr/job.h"
#include "qmgr/lane.h"
#include "qmgr/message.h"
#include "qmgr/path.h"
#include "qmgr/resolve.h"
#include "qmgr/store.h"
#include "qmgr/transport.h"
#include "qmgr/turn.h"

struct attempt {
    struct delivery d;
    struct delivery_recipient one;      /* most deliveries have one recipient */
    struct recipient *recipients;       /* the same as in d, in order */
    struct message *message;
    struct job *job;
    struct lane *lane;
    struct agent *agent;                /* NULL: a task of ours */
    struct str verp_sender;             /* empty: that of the message */
    struct feed *reads;                 /* whose journal the agent reads; NULL: a file */
};

enum { KEEP_FREE = 1000 };

static struct vec unused;   /* attempts for use again */
static size_t under_way;

size_t qmgr_deliver_count(void)
{
    return under_way;
}

static struct attempt *attempt_new(size_t recipients)
{
    struct attempt *a = vec_pop(&unused);

    if (a == NULL)
        a = mem_alloc(sizeof(*a));
    *a = (struct attempt){0};
    a->d.recipient_count = recipients;
    a->d.recipients = recipients == 1 ? &a->one : mem_zalloc(recipients * sizeof(*a->d.recipients));
    under_way++;
    return a;
}

static void attempt_free(struct attempt *a)
{
    under_way--;
    if (a->d.recipients != &a->one)
        mem_free(a->d.recipients);
    str_done(&a->verp_sender);
    if (unused.count < KEEP_FREE)
        vec_add(&unused, a);
    else
        mem_free(a);
}

/* --- the request --- */

static int flags_of(const struct message *m, const struct path *p)
{
    static const struct {
        int trace, flag;
    } traces[] = {
        {TRACE_VERIFY, DELIVERY_TRACE_VERIFY},
        {TRACE_BV, DELIVERY_TRACE_BV},
        {TRACE_V, DELIVERY_TRACE_V},
    };
    int flags = 0;

    for (size_t i = 0; m->e.trace_flags != 0 && i < ARRAY_SIZE(traces); i++)
        if ((m->e.trace_flags & traces[i].trace) != 0)
            flags |= traces[i].flag;
    if (qmgr_store_is_delay_to_clear(m))
        flags |= DELIVERY_TRACE_DELAY;
    if (p->waiting > 0 || p->last_done + 1 >= clock_seconds()) /* more mail, or one after the other */
        flags |= DELIVERY_CONN_REUSE;
    return flags;
}

static void fill(struct attempt *a, const struct path *p)
{
    const struct message *m = a->message;
    const struct envelope *e = &m->e;
    struct delivery *d = &a->d;
    size_t i = 0;

    d->flags = flags_of(m, p);
    d->sendopts = e->sendopts;
    d->dsn_ret = e->dsn_ret;
    d->queue_id = m->queue_id;
    d->queue = "active";
    d->where = m->where;
    d->data_offset = e->data_offset;
    d->data_size = e->data_size;
    d->content_size = e->content_size;
    d->nexthop = a->lane->nexthop;
    d->encoding = e->encoding;
    d->sender = a->verp_sender.len > 0 ? str_text(&a->verp_sender) : e->sender;
    d->envelope_id = e->envelope_id;
    d->arrival = e->arrival;
    d->active = m->active;
    d->handed_over = clock_wall();
    d->client_name = e->client_name;
    d->client_address = e->client_address;
    d->client_port = e->client_port;
    d->client_proto = e->client_proto;
    d->client_helo = e->client_helo;
    d->sasl_method = e->sasl_method;
    d->sasl_username = e->sasl_username;
    d->sasl_sender = e->sasl_sender;
    d->log_ident = e->log_ident;
    d->rewrite_context = e->rewrite_context;
    for (const struct recipient *r = a->recipients; r != NULL; r = r->next)
        d->recipients[i++] = (struct delivery_recipient){.address = r->address, .original = r->original,
            .dsn_orcpt = r->dsn_orcpt, .dsn_notify = r->dsn_notify, .offset = r->offset};
}

/* --- the outcome --- */

static void note_outcomes(struct attempt *a)
{
    struct message *m = a->message;

    for (size_t i = 0; i < a->d.recipient_count; i++) {
        const struct delivery_recipient *r = &a->d.recipients[i];
        if (r->outcome == OUTCOME_DEFERRED)
            m->is_deferred = true;
        if (r->outcome != OUTCOME_DONE || !r->is_sent) /* of an alias to be tried again, some may have bounced */
            m->has_reports = true;
    }
}

static void end_recipients(struct attempt *a)
{
    struct message *m = a->message;

    for (struct recipient *r = a->recipients, *next; r != NULL; r = next) {
        next = r->next;
        qmgr_message_recipient_done(m, r);
    }
    qmgr_job_remove(a->job, a->d.recipient_count);
    if (qmgr_store_is_over(m))
        return;
    for (size_t i = 0; i < a->d.recipient_count; i++)
        if (a->d.recipients[i].outcome == OUTCOME_DONE)
            qmgr_store_recipient_done(m, a->d.recipients[i].offset);
}

static void give_feedback(struct attempt *a)
{
    struct path *p = a->lane->path;

    qmgr_transport_resume(p->transport);
    if (a->d.hop.status != NULL && *a->d.hop.status != 0 && *a->d.hop.status != '2')
        qmgr_path_failure(p, &a->d.hop);
    else
        qmgr_path_success(p);
}

/* After this the message may be gone. */
static void end(struct attempt *a)
{
    struct message *m = a->message;

    qmgr_path_end(a->lane->path);
    m->under_way--;
    qmgr_store_read_ended(m, a->reads);
    attempt_free(a);
    qmgr_message_check(m);
    qmgr_turn_soon();
}

static void finish(struct attempt *a)
{
    note_outcomes(a);
    end_recipients(a);
    end(a);
}

/* Nothing has happened, or nobody knows what: the recipients wait again, in this lane. */
static void wait_again(struct attempt *a, struct lane *l)
{
    for (struct recipient *r = a->recipients, *next; r != NULL; r = next) {
        next = r->next;
        qmgr_resolve_place(a->message, r, l);
    }
    qmgr_job_remove(a->job, a->d.recipient_count);
    end(a);
}

/* The agent died, or speaks nonsense. */
static void agent_failed(struct attempt *a, const char *what)
{
    struct dsn why = {.status = "4.3.0", .reason = "unknown mail transport error"};
    struct transport *t = a->lane->path->transport;

    log_warn("private/%s socket: %s", t->name, what);
    log_warn("transport %s failure -- see a previous warning/fatal/panic logfile record for the problem description",
        t->name);
    qmgr_transport_suspend(t, &why);
    const char *text = t->suspension.text;
    wait_again(a, qmgr_lane_get(qmgr_transport_retry(), text, text));
}

static void replied(void *arg, const char *reply, size_t n)
{
    struct attempt *a = arg;
    bool is_leaving = a->agent->is_leaving;

    qmgr_agent_release(a->agent);
    if (reply == NULL && is_leaving) {
        wait_again(a, a->lane);
        return;
    }
    if (reply == NULL) {
        agent_failed(a, "premature disconnect");
        return;
    }
    if (!delivery_get_result(reply, n, &a->d)) {
        agent_failed(a, "malformed response");
        return;
    }
    give_feedback(a);
    finish(a);
}

static void run_here(void *arg)
{
    struct attempt *a = arg;

    a->lane->path->transport->here(&a->d);
    finish(a);
}

/* --- the beginning --- */

static struct batch *next_batch(struct path *p)
{
    struct lane *l = qmgr_path_next_lane(p);

    return l == NULL ? NULL : qmgr_lane_next(l);
}

/* Was the file deleted, or put on hold? */
static bool was_taken_away(const struct message *m)
{
    return m->is_gone || (m->feed == NULL && access(m->where.path, F_OK) < 0 && errno == ENOENT);
}

static void drop(struct path *p, struct message *m, struct job *job, struct recipient *list, size_t n)
{
    m->is_gone = true;
    for (struct recipient *r = list, *next; r != NULL; r = next) {
        next = r->next;
        qmgr_message_recipient_done(m, r);
    }
    qmgr_job_remove(job, n);
    qmgr_path_refresh(p);
    qmgr_message_check(m);
}

bool qmgr_deliver_next(struct path *p, struct agent *agent)
{
    static struct str request; /* for use again */
    struct batch *b = next_batch(p);
    struct recipient *list;

    if (b == NULL)
        panic("path %s is ready, and nothing waits", p->name);
    struct message *m = b->message;
    struct job *job = b->job;
    struct lane *l = b->lane;
    bool is_verp = *m->e.verp_delimiters != 0 && *m->e.sender != 0;
    size_t n = qmgr_lane_take(b, is_verp ? 1 : p->transport->recipient_limit, &list);
    l->deficit -= (long) n;
    if (was_taken_away(m)) {
        drop(p, m, job, list, n);
        return false;
    }
    struct attempt *a = attempt_new(n);
    a->message = m;
    a->job = job;
    a->lane = l;
    a->recipients = list;
    a->agent = agent;
    if (is_verp)
        verp_sender(&a->verp_sender, m->e.verp_delimiters, m->e.sender,
            *list->original != 0 ? list->original : list->address);
    fill(a, p);
    m->under_way++;
    a->reads = qmgr_store_read_begins(m);
    qmgr_path_begin(p);
    if (agent == NULL) {
        task_start(run_here, a);
        return true;
    }
    str_clear(&request);
    delivery_put(&request, &a->d);
    qmgr_agent_call(agent, &request, replied, a);
    return true;
}
