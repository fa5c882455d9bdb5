#include "qmgr/resolve.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/task.h"
#include "base/words.h"
#include "config/config.h"
#include "mail/address.h"
#include "mail/quote.h"
#include "mail/rewrite_client.h"
#include "qmgr/job.h"
#include "qmgr/lane.h"
#include "qmgr/message.h"
#include "qmgr/path.h"
#include "qmgr/site.h"
#include "qmgr/transport.h"
#include "qmgr/turn.h"

/* Recipients that are placed together. */
struct group {
    struct message *message;
    struct recipient *list;
    size_t count, pending;
};

struct question {
    struct group *group;
    struct recipient *recipient;
};

static struct arena *memory_of(struct message *m, const struct recipient *r)
{
    return r->chunk != NULL ? &r->chunk->arena : &m->arena;
}

/* --- placing --- */

/* The lane, or that of the retry service while its path is suspended; the job has one more recipient. */
static struct lane *choose(struct message *m, struct lane *l)
{
    struct transport *t = l->path->transport;

    if (m->is_flushed) {
        qmgr_transport_resume(t);
        qmgr_path_resume(l->path);
    }
    const char *text = t->suspension.text != NULL ? t->suspension.text : l->path->suspension.text;
    if (text != NULL)
        l = qmgr_lane_get(qmgr_transport_retry(), text, text);
    qmgr_job_add(qmgr_job_get(m, l->path->transport), 1);
    return l;
}

void qmgr_resolve_place(struct message *m, struct recipient *r, struct lane *l)
{
    l = choose(m, l);
    qmgr_lane_add(l, qmgr_job_get(m, l->path->transport), r);
    qmgr_path_refresh(l->path);
}

int qmgr_resolve_compare(const char *a, const char *b)
{
    const char *domain_a = address_domain(a), *domain_b = address_domain(b);

    if ((domain_a == NULL) != (domain_b == NULL))
        return domain_a == NULL ? -1 : 1;
    int order = domain_a == NULL ? 0 : strcasecmp(domain_a, domain_b);
    return order != 0 ? order : strcmp(a, b);
}

/* By transport and destination first. */
static int compare(const void *a, const void *b)
{
    const struct recipient *r = *(struct recipient *const *) a, *s = *(struct recipient *const *) b;
    int order = 0;

    if (r->lane != s->lane) {
        order = strcmp(r->lane->path->transport->name, s->lane->path->transport->name);
        if (order == 0)
            order = strcmp(r->lane->key, s->lane->key);
    }
    if (order == 0)
        order = qmgr_resolve_compare(r->address, s->address);
    return order != 0 ? order : (r->offset > s->offset) - (r->offset < s->offset);
}

/* The job must know all its recipients before the first is in a lane: where they wait depends on how
 * many they are. */
static void place_sorted(struct message *m, struct recipient **sorted, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        sorted[i]->lane->pins--;
        sorted[i]->lane = choose(m, sorted[i]->lane);
    }
    for (size_t i = 0; i < n; i++) {
        struct lane *l = sorted[i]->lane;
        qmgr_lane_add(l, qmgr_job_get(m, l->path->transport), sorted[i]);
        if (i + 1 == n || sorted[i + 1]->lane != l)
            qmgr_path_refresh(l->path);
    }
}

static void place_all(struct group *g)
{
    struct message *m = g->message;
    struct recipient **sorted = arena_alloc(memory_of(m, g->list), g->count * sizeof(*sorted));

    for (size_t i = 0; i < g->count; i++)
        sorted[i] = &g->list[i];
    if (g->count > 1)
        qsort(sorted, g->count, sizeof(*sorted), compare);
    place_sorted(m, sorted, g->count);
    qmgr_turn_soon();
}

/* --- decisions --- */

static void go(struct question *q, struct transport *t, const char *nexthop)
{
    struct recipient *r = q->recipient;

    r->lane = qmgr_lane_for(t, nexthop, r->address);
    r->lane->pins++;
    if (--q->group->pending == 0)
        place_all(q->group);
}

static struct vec deferred_transports; /* defer_transports, taken apart once */
static struct arena deferred_transports_memory;

void qmgr_resolve_reload(void)
{
    vec_done(&deferred_transports, NULL);
    arena_done(&deferred_transports_memory);
}

static bool is_deferred_transport(const char *name)
{
    if (*conf.defer_transports == 0)
        return false;
    if (deferred_transports.count == 0)
        words_split(&deferred_transports_memory, conf.defer_transports, WORDS_LIST, &deferred_transports);
    for (size_t i = 0; i < deferred_transports.count; i++)
        if (strcmp(deferred_transports.items[i], name) == 0)
            return true;
    return false;
}

/* Undeliverable notices to the postmaster end here, or they would go round forever. */
static bool is_double_bounce(const struct resolved *result)
{
    size_t n = strlen(conf.double_bounce_sender);

    return (result->flags & RESOLVE_CLASS_LOCAL) != 0 && address_local_len(result->recipient) == n &&
           strncasecmp(result->recipient, conf.double_bounce_sender, n) == 0;
}

static void go_by_name(struct question *q, const char *transport, const char *nexthop)
{
    if (is_deferred_transport(transport))
        go(q, qmgr_transport_retry(), "4.3.2 deferred transport");
    else
        go(q, qmgr_transport_get(transport), nexthop);
}

static void answered(void *arg, const struct resolved *result)
{
    struct question *q = arg;
    struct message *m = q->group->message;
    struct recipient *r = q->recipient;
    bool is_probe = (m->e.trace_flags & TRACE_VERIFY) != 0;

    if (result == NULL || (result->flags & RESOLVE_FAIL) != 0) {
        go(q, qmgr_transport_retry(), "4.3.0 address resolver failure");
        return;
    }
    if ((result->flags & RESOLVE_ERROR) != 0) {
        go(q, qmgr_transport_error(), "5.1.3 bad address syntax");
        return;
    }
    if (strcmp(result->recipient, r->address) != 0)
        r->address = arena_strdup(memory_of(m, r), result->recipient);
    if (is_double_bounce(result))
        go(q, qmgr_transport_discard_here(), "");
    else if (is_probe && qmgr_message_probe_count() > (size_t) conf.address_verify_pending_request_limit)
        go(q, qmgr_transport_retry(), "4.3.2 Too many address verification requests");
    else
        go_by_name(q, result->transport, result->nexthop);
}

/* FILTER and content_filter: "transport:nexthop", and the recipient as it is. */
static void go_to_filter(struct question *q)
{
    struct message *m = q->group->message;
    struct recipient *r = q->recipient;
    struct arena *a = memory_of(m, r);
    const char *colon = strchr(m->e.filter, ':'), *domain = address_domain(r->address);
    const char *nexthop = colon == NULL ? "" : colon + 1;
    const char *name = colon == NULL ? m->e.filter : arena_strndup(a, m->e.filter, (size_t) (colon - m->e.filter));

    if (*nexthop == 0)
        nexthop = conf.default_filter_nexthop;
    if (*nexthop == 0)
        nexthop = domain != NULL ? domain : conf.myhostname;
    go_by_name(q, name, nexthop);
}

/* Probes of the verify service have transports of their own (address_verify_transport_maps ...). */
static void ask_resolver(struct question *q)
{
    const struct envelope *e = &q->group->message->e;

    if ((e->trace_flags & TRACE_VERIFY) != 0)
        resolve_probe_async(e->sender, q->recipient->address, answered, q);
    else
        resolve_address_async(e->sender, q->recipient->address, answered, q);
}

/* For REDIRECT: its target is in standard form, as recipients are, when it is resolved. */
static void ask_redirected(void *arg)
{
    struct question *q = arg;
    struct message *m = q->group->message;
    struct str external = {0}, standard = {0}, internal = {0};

    if (rewrite_address("local", quote_822(m->e.redirect, &external), &standard)) {
        quote_remove(&internal, str_text(&standard));
        q->recipient->address = arena_strdup(memory_of(m, q->recipient), str_text(&internal));
        ask_resolver(q);
    } else
        go(q, qmgr_transport_retry(), "4.3.0 address resolver failure");
    str_done(&external);
    str_done(&standard);
    str_done(&internal);
}

static void ask(struct question *q)
{
    struct message *m = q->group->message;
    struct recipient *r = q->recipient;
    int probe = TRACE_VERIFY | TRACE_BV;

    if (m->is_force_expired)
        go(q, qmgr_transport_retry(), "4.7.0 message is administratively expired");
    else if (*m->e.redirect != 0)
        task_start(ask_redirected, q); /* it may have to wait */
    else if (*m->e.filter != 0 && (m->e.trace_flags & probe) == 0)
        go_to_filter(q);
    else if (*r->address == 0)
        go(q, qmgr_transport_error(), "5.1.3 null recipient address");
    else
        ask_resolver(q);
}

void qmgr_resolve(struct message *m, struct recipient *list, size_t n)
{
    if (n == 0)
        return;
    struct arena *a = memory_of(m, list);
    struct group *g = arena_alloc(a, sizeof(*g));
    struct question *q = arena_alloc(a, n * sizeof(*q));
    *g = (struct group){.message = m, .list = list, .count = n, .pending = n};
    for (size_t i = 0; i < n; i++) {
        q[i] = (struct question){.group = g, .recipient = &list[i]};
        ask(&q[i]);
    }
}

void qmgr_resolve_again(struct message *m, const struct recipient *first, size_t n)
{
    struct recipient *list = arena_alloc(memory_of(m, first), n * sizeof(*list));

    for (size_t i = 0; i < n; i++, first = first->next)
        list[i] = *first;
    qmgr_resolve(m, list, n);
}
