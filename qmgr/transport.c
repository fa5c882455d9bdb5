#include "qmgr/transport.h"

#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "mail/delivery.h"
#include "qmgr/agent.h"
#include "qmgr/deliver.h"
#include "qmgr/path.h"
#include "qmgr/turn.h"

enum { REAP_MS = 10 * 1000, TASKS_HERE = 100 };

static struct hash transports; /* all that mail was resolved to, by name */
static bool is_stopped;

/* --- parameters --- */

static struct feedback feedback_of(const char *service, const char *suffix, const char *default_text)
{
    struct feedback f;
    const char *text = config_service_str(service, suffix, default_text);

    if (!qmgr_limit_parse_feedback(&f, text)) {
        log_warn("%s%s: ignoring malformed or unreasonable feedback: %s", service, suffix, text);
        f = (struct feedback){.number = 1};
    }
    return f;
}

static void read_window(struct transport *t)
{
    struct window_rules *w = &t->window;
    const char *s = t->name;

    w->limit = config_service_int(s, "_destination_concurrency_limit", conf.default_destination_concurrency_limit, 0);
    w->initial = config_service_int(s, "_initial_destination_concurrency", conf.initial_destination_concurrency, 1);
    w->failed_cohort_limit = config_service_int(s, "_destination_concurrency_failed_cohort_limit",
        conf.default_destination_concurrency_failed_cohort_limit, 0);
    w->positive = feedback_of(s, "_destination_concurrency_positive_feedback",
        conf.default_destination_concurrency_positive_feedback);
    w->negative = feedback_of(s, "_destination_concurrency_negative_feedback",
        conf.default_destination_concurrency_negative_feedback);
    if (t->destination_delay > 0)
        w->limit = 1;
    if (w->limit > 0 && w->initial > w->limit)
        w->initial = w->limit;
}

static void read_slots(struct transport *t)
{
    struct slot_rules *r = &t->slots;
    const char *s = t->name;

    r->cost = config_service_int(s, "_delivery_slot_cost", conf.default_delivery_slot_cost, 0);
    r->loan = config_service_int(s, "_delivery_slot_loan", conf.default_delivery_slot_loan, 0);
    r->discount = config_service_int(s, "_delivery_slot_discount", conf.default_delivery_slot_discount, 0);
    r->minimum = config_service_int(s, "_minimum_delivery_slots", conf.default_minimum_delivery_slots, 0);
    if (r->discount > 100)
        r->discount = 100;
}

static void read_parameters(struct transport *t)
{
    const char *s = t->name;

    t->destination_delay =
        1000 * (msec) config_service_time(s, "_destination_rate_delay", conf.default_destination_rate_delay, 0);
    t->rate.interval =
        1000 * (msec) config_service_time(s, "_transport_rate_delay", conf.default_transport_rate_delay, 0);
    t->recipient_limit = (size_t) config_service_int(s, "_destination_recipient_limit",
        conf.default_destination_recipient_limit, 0);
    t->memory_limit = (size_t) config_service_int(s, "_recipient_limit", conf.default_recipient_limit, 0);
    t->memory_extra = (size_t) config_service_int(s, "_extra_recipient_limit", conf.default_extra_recipient_limit, 0);
    t->refill_limit =
        (size_t) config_service_int(s, "_recipient_refill_limit", conf.default_recipient_refill_limit, 1);
    t->refill_delay =
        1000 * (msec) config_service_time(s, "_recipient_refill_delay", conf.default_recipient_refill_delay, 1);
    read_window(t);
    read_slots(t);
}

/* --- one transport --- */

static void rate_passed(void *arg)
{
    (void) arg;
    qmgr_turn_soon();
}

static struct transport *make(const char *name)
{
    struct transport *t = mem_zalloc(sizeof(*t));

    t->name = mem_strdup(name);
    list_init(&t->ready_small);
    list_init(&t->ready_large);
    list_init(&t->idle_paths);
    list_init(&t->agents);
    list_init(&t->free_agents);
    t->rate_timer = (struct timer){.fire = rate_passed, .arg = t};
    return t;
}

struct transport *qmgr_transport_get(const char *name)
{
    static struct transport *last; /* most mail takes the same */

    if (last != NULL && strcmp(last->name, name) == 0)
        return last;
    struct hash_entry *e = hash_slot(&transports, name, strlen(name));
    if (e->value == NULL) {
        e->value = make(name);
        read_parameters(e->value);
    }
    return last = e->value;
}

/* Nobody outside is to be protected; the limit is for the memory that tasks take. */
static struct transport *make_here(const char *name, deliver_here *here)
{
    struct transport *t = make(name);

    t->here = here;
    t->window = (struct window_rules){.initial = TASKS_HERE, .limit = TASKS_HERE};
    t->recipient_limit = 50;
    t->memory_limit = INT_MAX;
    t->refill_limit = 1;
    hash_put(&transports, t->name, t);
    return t;
}

/* What the retry service would do. */
static void defer_here(struct delivery *d)
{
    char status[DSN_STATUS_SIZE];
    struct dsn dsn = {.reason = dsn_split(d->nexthop, "4.0.0", status), .status = status, .action = "", .diag_type = "",
        .diag_text = "", .mta_type = "", .mta_name = ""};

    for (size_t i = 0; i < d->recipient_count; i++)
        delivery_deferred(d, &d->recipients[i], "none", "", &dsn);
}

static void discard_here(struct delivery *d)
{
    struct dsn dsn = {.reason = "undeliverable postmaster notification discarded", .status = "2.0.0", .action = "",
        .diag_type = "", .diag_text = "", .mta_type = "", .mta_name = ""};

    for (size_t i = 0; i < d->recipient_count; i++)
        delivery_sent(d, &d->recipients[i], "none", "", &dsn);
}

struct transport *qmgr_transport_retry(void)
{
    static struct transport *here; /* when the service itself is not to be had */
    struct transport *t = qmgr_transport_get("retry");

    if (t->suspension.text == NULL)
        return t;
    if (here == NULL)
        here = make_here(" retry", defer_here); /* no service can have this name */
    return here;
}

struct transport *qmgr_transport_error(void)
{
    return qmgr_transport_get(conf.error_service_name);
}

struct transport *qmgr_transport_discard_here(void)
{
    static struct transport *here; /* made once */

    if (here == NULL)
        here = make_here(" discard", discard_here);
    return here;
}

/* --- ready paths --- */

void qmgr_transport_ready(struct path *p, bool is_ready, bool is_large)
{
    struct transport *t = p->transport;

    if (p->is_ready == is_ready && (!is_ready || p->is_ready_large == is_large))
        return;
    if (p->is_ready) {
        list_remove(&p->ready);
        *(p->is_ready_large ? &t->ready_large_count : &t->ready_small_count) -= 1;
    }
    p->is_ready = is_ready;
    p->is_ready_large = is_large;
    if (is_ready) {
        list_append(is_large ? &t->ready_large : &t->ready_small, &p->ready);
        *(is_large ? &t->ready_large_count : &t->ready_small_count) += 1;
    }
}

/* The path whose turn it is; those with the same right take turns. */
static struct path *next_path(struct transport *t)
{
    bool is_small = qmgr_limit_turn_is_small(&t->turns, &t->slots, t->ready_small_count, t->ready_large_count);
    struct list *from = is_small ? &t->ready_small : &t->ready_large;
    struct path *p = list_first(from, struct path, ready);

    list_remove(&p->ready);
    list_append(from, &p->ready);
    return p;
}

static void dispatch(struct transport *t)
{
    while (t->ready_small_count + t->ready_large_count > 0) {
        msec wait = qmgr_limit_rate_wait(&t->rate);
        if (wait > 0) {
            if (!timer_is_set(&t->rate_timer))
                timer_set(&t->rate_timer, clock_after(wait));
            return;
        }
        struct agent *a = t->here != NULL ? NULL : qmgr_agent_pick(t);
        if (a == NULL && t->here == NULL)
            return;
        if (qmgr_deliver_next(next_path(t), a))
            qmgr_limit_rate_spend(&t->rate);
    }
}

void qmgr_transport_dispatch(void)
{
    static msec reap_at; /* when idle paths and connections are looked for again */
    bool is_reaping = clock_now() >= reap_at;

    if (is_stopped)
        return;
    for (struct hash_entry *e = hash_next(&transports, NULL); e != NULL; e = hash_next(&transports, e)) {
        dispatch(e->value);
        if (is_reaping) {
            qmgr_path_reap(e->value);
            qmgr_agent_reap(e->value);
        }
    }
    if (is_reaping)
        reap_at = clock_after(REAP_MS);
}

/* --- suspension --- */

static void suspension_over(void *arg)
{
    qmgr_transport_resume(arg);
    qmgr_turn_soon();
}

void qmgr_transport_suspend(struct transport *t, const struct dsn *why)
{
    if (t->suspension.text != NULL)
        return;
    qmgr_suspend_begin(&t->suspension, "", why, conf.transport_retry_time, suspension_over, t);
    for (struct hash_entry *e = hash_next(&t->paths, NULL); e != NULL; e = hash_next(&t->paths, e))
        qmgr_suspend_mail(e->value, t->suspension.text);
}

void qmgr_transport_resume(struct transport *t)
{
    if (t->suspension.text == NULL)
        return;
    qmgr_suspend_end(&t->suspension);
    for (struct hash_entry *e = hash_next(&t->paths, NULL); e != NULL; e = hash_next(&t->paths, e))
        qmgr_path_refresh(e->value);
}

void qmgr_transport_each_path(void (*visit)(struct path *p, void *arg), void *arg)
{
    for (struct hash_entry *e = hash_next(&transports, NULL); e != NULL; e = hash_next(&transports, e)) {
        struct transport *t = e->value;
        for (struct hash_entry *f = hash_next(&t->paths, NULL); f != NULL; f = hash_next(&t->paths, f))
            visit(f->value, arg);
    }
}

static void resume_path(struct path *p, void *arg)
{
    (void) arg;
    qmgr_path_resume(p);
}

void qmgr_transport_resume_all(void)
{
    for (struct hash_entry *e = hash_next(&transports, NULL); e != NULL; e = hash_next(&transports, e)) {
        struct transport *t = e->value;
        timer_stop(&t->connect_timer);
        qmgr_transport_resume(t);
    }
    qmgr_transport_each_path(resume_path, NULL);
    qmgr_turn_soon();
}

static void reload_path(struct path *p, void *arg)
{
    (void) arg;
    qmgr_path_reload(p);
}

void qmgr_transport_reload(void)
{
    for (struct hash_entry *e = hash_next(&transports, NULL); e != NULL; e = hash_next(&transports, e)) {
        struct transport *t = e->value;
        if (t->here == NULL)
            read_parameters(t);
    }
    qmgr_transport_each_path(reload_path, NULL);
    qmgr_transport_resume_all();
}

void qmgr_transport_stop(void)
{
    is_stopped = true;
}
