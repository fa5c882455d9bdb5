#include "qmgr/path.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "qmgr/lane.h"
#include "qmgr/message.h"
#include "qmgr/site.h"
#include "qmgr/suspend.h"
#include "qmgr/transport.h"
#include "qmgr/turn.h"

enum { IDLE_MS = 10 * 1000 };

static void rate_passed(void *arg)
{
    qmgr_path_refresh(arg);
    qmgr_turn_soon();
}

struct path *qmgr_path_get(struct transport *t, const char *name, const char *nexthop)
{
    struct hash_entry *e = hash_slot(&t->paths, name, strlen(name));
    struct path *p = e->value;

    if (p != NULL)
        return p;
    p = e->value = mem_zalloc(sizeof(*p));
    p->transport = t;
    p->name = e->key;
    p->site = qmgr_site_get(nexthop);
    p->rate.interval = t->destination_delay;
    p->rate_timer = (struct timer){.fire = rate_passed, .arg = p};
    qmgr_limit_window_init(&p->window, &t->window);
    list_init(&p->lanes);
    list_init(&p->all_lanes);
    list_init(&p->ready);
    list_init(&p->idle);
    return p;
}

static void path_free(struct path *p)
{
    list_each_safe(pos, after, &p->all_lanes)
        qmgr_lane_free(list_entry(pos, struct lane, link));
    list_remove(&p->idle);
    timer_stop(&p->rate_timer);
    qmgr_suspend_end(&p->suspension);
    qmgr_site_put(p->site);
    hash_remove(&p->transport->paths, p->name);
    mem_free(p);
}

/* --- being ready, being idle --- */

static bool has_small(const struct path *p)
{
    list_each(pos, &p->lanes)
        if (list_entry(pos, struct lane, turn)->small_count > 0)
            return true;
    return false;
}

/* What a path has learnt is forgotten when it is idle, as in Postfix; the path itself stays for a
 * while, since mail often comes soon again. */
static void note_idle(struct path *p)
{
    bool is_idle = p->busy == 0 && p->waiting == 0 && p->suspension.text == NULL;

    if (is_idle == list_is_linked(&p->idle))
        return;
    list_remove(&p->idle);
    if (!is_idle)
        return;
    qmgr_limit_window_init(&p->window, &p->transport->window);
    p->last_done = 0;
    p->idle_since = clock_now();
    list_append(&p->transport->idle_paths, &p->idle);
}

void qmgr_path_refresh(struct path *p)
{
    bool wants = p->waiting > 0 && p->busy < p->window.size && p->suspension.text == NULL &&
                 p->transport->suspension.text == NULL;
    msec wait = wants ? qmgr_limit_rate_wait(&p->rate) : 0;

    if (wait > 0 && !timer_is_set(&p->rate_timer))
        timer_set(&p->rate_timer, clock_after(wait));
    wants = wants && wait == 0;
    qmgr_transport_ready(p, wants, wants && !has_small(p));
    note_idle(p);
}

void qmgr_path_reload(struct path *p)
{
    const struct window_rules *rules = &p->transport->window;

    p->rate.interval = p->transport->destination_delay;
    if (rules->limit > 0 && p->window.size > rules->limit)
        p->window.size = rules->limit;
    qmgr_path_refresh(p);
}

static bool is_pinned(const struct path *p)
{
    list_each(pos, &p->all_lanes)
        if (list_entry(pos, struct lane, link)->pins > 0)
            return true;
    return false;
}

void qmgr_path_reap(struct transport *t)
{
    list_each_safe(pos, after, &t->idle_paths) {
        struct path *p = list_entry(pos, struct path, idle);
        if (clock_now() - p->idle_since < IDLE_MS)
            return;
        if (!is_pinned(p) && qmgr_limit_rate_wait(&p->rate) == 0)
            path_free(p);
    }
}

/* Deficit round robin, in recipients: a lane goes on until what it has sent in this turn is worth
 * one full delivery. */
struct lane *qmgr_path_next_lane(struct path *p)
{
    struct lane *l = list_first(&p->lanes, struct lane, turn);

    if (l != NULL && l->deficit <= 0) {
        list_remove(&l->turn);
        list_append(&p->lanes, &l->turn);
        l->deficit += p->transport->recipient_limit > 0 ? (long) p->transport->recipient_limit : 1;
        l = list_first(&p->lanes, struct lane, turn);
        if (l->deficit <= 0)
            l->deficit += p->transport->recipient_limit > 0 ? (long) p->transport->recipient_limit : 1;
    }
    return l;
}

/* --- deliveries --- */

static void warn_if_clogged(struct path *p)
{
    unsigned long share = p->waiting + (unsigned) p->busy;
    const struct transport *t = p->transport;

    if (!conf.helpful_warnings || conf.qmgr_clog_warn_time == 0 ||
        share <= (unsigned long) conf.qmgr_message_active_limit / 5 || clock_seconds() < p->clog_warning_due)
        return;
    p->clog_warning_due = clock_seconds() + conf.qmgr_clog_warn_time;
    log_warn("mail for %s is using up %lu of %zu active queue entries", p->site->name, share,
        qmgr_message_active_count());
    if ((double) share < 0.9 * (double) qmgr_message_active_count())
        log_warn("this may slow down other mail deliveries");
    if (t->window.limit > 0 && t->window.limit <= p->busy + 1)
        log_warn("you may need to increase the main.cf %s%s from %d", t->name, "_destination_concurrency_limit",
            t->window.limit);
    else if (p->window.size > conf.qmgr_message_active_limit / 5)
        log_warn("you may need to increase the main.cf %s from %d", "qmgr_message_active_limit",
            conf.qmgr_message_active_limit);
    else if (strcmp(p->site->name, t->name) != 0)
        log_warn("you may need a separate master.cf transport for %s", p->site->name);
    if (p->window.size <= t->window.initial && t->window.initial > 1) {
        log_warn("you may need to reduce %s connect and helo timeouts", t->name);
        log_warn("so that Postfix quickly skips unavailable hosts");
        log_warn("you may need to increase the main.cf %s and %s", "minimal_backoff_time", "maximal_backoff_time");
        log_warn("so that Postfix wastes less time on undeliverable mail");
    } else
        log_warn("you may need to increase the master.cf %s process limit", t->name);
    log_warn("please avoid flushing the whole queue when you have");
    log_warn("lots of deferred mail, that is bad for performance");
    log_warn("to turn off these warnings specify: %s = 0", "qmgr_clog_warn_time");
}

void qmgr_path_begin(struct path *p)
{
    p->busy++;
    warn_if_clogged(p);
    qmgr_path_refresh(p);
}

void qmgr_path_end(struct path *p)
{
    p->busy--;
    p->last_done = clock_seconds();
    qmgr_limit_rate_spend(&p->rate);
    qmgr_path_refresh(p);
}

static void debug_feedback(const struct path *p)
{
    if (conf.destination_concurrency_feedback_debug)
        log_info("%s: queue %s: limit %d window %d success %g failure %g fail_cohorts %g",
            p->suspension.text != NULL ? "dead" : "feedback", p->name, p->transport->window.limit, p->window.size,
            p->window.success, p->window.failure, p->window.failed_cohorts);
}

void qmgr_path_success(struct path *p)
{
    if (p->suspension.text != NULL) {
        qmgr_suspend_end(&p->suspension);
        qmgr_limit_window_revive(&p->window, &p->transport->window, p->busy);
    } else
        qmgr_limit_window_success(&p->window, &p->transport->window, p->busy);
    debug_feedback(p);
}

static void suspension_over(void *arg)
{
    qmgr_path_resume(arg);
    qmgr_turn_soon();
}

void qmgr_path_failure(struct path *p, const struct dsn *why)
{
    if (p->suspension.text == NULL && qmgr_limit_window_failure(&p->window, &p->transport->window)) {
        qmgr_suspend_begin(&p->suspension, "delivery temporarily suspended: ", why, conf.minimal_backoff_time,
            suspension_over, p);
        qmgr_suspend_mail(p, p->suspension.text);
    }
    debug_feedback(p);
}

void qmgr_path_resume(struct path *p)
{
    if (p->suspension.text == NULL)
        return;
    qmgr_suspend_end(&p->suspension);
    qmgr_limit_window_revive(&p->window, &p->transport->window, p->busy);
    qmgr_path_refresh(p);
}
