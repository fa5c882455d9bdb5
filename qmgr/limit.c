#include "qmgr/limit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

/* --- concurrency --- */

bool qmgr_limit_parse_feedback(struct feedback *f, const char *text)
{
    char divisor[32], slash[2], rest;
    double number = 0, by;

    int n = sscanf(text, "%lf %1[/] %31s %c", &number, slash, divisor, &rest);
    *f = (struct feedback){.number = number, .divisor = FEEDBACK_CONSTANT};
    if (n == 1 && sscanf(text, "%lf %c", &number, &rest) != 1)
        return false;
    if (n == 3) {
        if (strcmp(divisor, "concurrency") == 0)
            f->divisor = FEEDBACK_CONCURRENCY;
        else if (strcmp(divisor, "sqrt_concurrency") == 0)
            f->divisor = FEEDBACK_SQRT_CONCURRENCY;
        else if (sscanf(divisor, "%lf%c", &by, &rest) == 1 && by > 0)
            f->number /= by;
        else
            return false;
    }
    return (n == 1 || n == 3) && f->number >= 0 && f->number <= 1;
}

double qmgr_limit_feedback(const struct feedback *f, int concurrency)
{
    switch (f->divisor) {
    case FEEDBACK_CONSTANT:
        return f->number;
    case FEEDBACK_CONCURRENCY:
        return f->number / concurrency;
    case FEEDBACK_SQRT_CONCURRENCY:
        return f->number / sqrt(concurrency);
    }
    return f->number;
}

void qmgr_limit_window_init(struct window *w, const struct window_rules *rules)
{
    *w = (struct window){.size = rules->initial};
}

/* The window grows only while it is nearly used, so that it stays near the real concurrency and
 * negative feedback, when it comes, has an effect at once. */
void qmgr_limit_window_success(struct window *w, const struct window_rules *rules, int busy)
{
    w->failed_cohorts = 0;
    if ((rules->limit > 0 && w->size >= rules->limit) || w->size >= busy + rules->initial)
        return;
    double amount = qmgr_limit_feedback(&rules->positive, w->size);
    w->success += amount;
    /* Half of an amount is for rounding: ten times 1/10 must make one step. */
    for (; w->success + amount / 2 >= 1; w->success -= 1) {
        w->size++;
        w->failure = 0;
    }
    if (rules->limit > 0 && w->size > rules->limit)
        w->size = rules->limit;
}

bool qmgr_limit_window_failure(struct window *w, const struct window_rules *rules)
{
    w->failed_cohorts += 1.0 / w->size;
    if (rules->failed_cohort_limit > 0 && w->failed_cohorts >= rules->failed_cohort_limit)
        return true;
    /* The step comes at the beginning of a series of failures: at its end it would be too late. */
    double amount = qmgr_limit_feedback(&rules->negative, w->size);
    for (w->failure -= amount; w->failure + amount / 2 < 0; w->failure += 1) {
        w->size--;
        w->success = 0;
    }
    if (w->size < 1)
        w->size = 1;
    return false;
}

/* What it can take now is anybody's guess; what is under way has proved something. */
void qmgr_limit_window_revive(struct window *w, const struct window_rules *rules, int busy)
{
    *w = (struct window){.size = busy > 0 ? busy : rules->initial};
}

/* --- rate --- */

msec qmgr_limit_rate_wait(const struct rate *r)
{
    msec now = clock_now();

    return r->interval > 0 && r->next > now ? r->next - now : 0;
}

void qmgr_limit_rate_spend(struct rate *r)
{
    if (r->interval > 0)
        r->next = clock_after(r->interval);
}

/* --- turns --- */

bool qmgr_limit_is_large(const struct slot_rules *rules, unsigned long deliveries)
{
    return rules->cost >= 2 && deliveries >= (unsigned long) rules->minimum * (unsigned long) rules->cost;
}

static bool has_slot(const struct turns *t, const struct slot_rules *rules)
{
    return (t->earned + (long) rules->loan * rules->cost) * 100 >= (long) rules->cost * (100 - rules->discount);
}

bool qmgr_limit_turn_is_small(struct turns *t, const struct slot_rules *rules, unsigned small, unsigned large)
{
    if (large == 0)
        return true;
    if (small > 0 && has_slot(t, rules)) {
        t->earned -= rules->cost;
        return true;
    }
    if (small > 0 && t->deficit >= (long) large) {
        t->deficit -= large;
        return true;
    }
    t->earned++;
    t->deficit = small > 0 ? t->deficit + small : 0;
    return false;
}
