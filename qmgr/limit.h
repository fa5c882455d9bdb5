/* limit.h: the arithmetic of limits: windows, rates, turns. Knows nothing of mail.
 */
#ifndef QMGR_LIMIT_H
#define QMGR_LIMIT_H

#include <stdbool.h>

#include "base/clock.h"

/* --- concurrency --- */

/* How much one outcome counts: "1", "0.5", "1/8", "1/concurrency", "1/sqrt_concurrency". */
struct feedback {
    double number;
    enum feedback_divisor { FEEDBACK_CONSTANT, FEEDBACK_CONCURRENCY, FEEDBACK_SQRT_CONCURRENCY } divisor;
};
bool qmgr_limit_parse_feedback(struct feedback *f, const char *text); /* false: malformed, or not in 0..1 */
double qmgr_limit_feedback(const struct feedback *f, int concurrency);

struct window_rules {
    int initial, limit;              /* limit 0: none */
    int failed_cohort_limit;         /* 0: never dead */
    struct feedback positive, negative;
};

/* How many deliveries a path may have under way. It is moved by one when the feedback since the
 * last move adds up to one; positive and negative feedback are added up apart. */
struct window {
    int size;
    double success, failure;         /* feedback not yet used up */
    double failed_cohorts;           /* each failure is 1/size of a cohort; a success begins again */
};
void qmgr_limit_window_init(struct window *w, const struct window_rules *rules);
/* busy: deliveries under way, with the one that succeeded. True: so many cohorts have failed that it is dead. */
void qmgr_limit_window_success(struct window *w, const struct window_rules *rules, int busy);
bool qmgr_limit_window_failure(struct window *w, const struct window_rules *rules);
void qmgr_limit_window_revive(struct window *w, const struct window_rules *rules, int busy);

/* --- rate: at most one per interval (the generic cell rate algorithm, without a burst) --- */

struct rate {
    msec interval;                   /* 0: no limit */
    msec next;                       /* not before */
};
msec qmgr_limit_rate_wait(const struct rate *r); /* how long still; 0: go */
void qmgr_limit_rate_spend(struct rate *r);      /* one has gone (or, counted from its end, has ended) just now */

/* --- turns between small mail and large mailings --- */

struct slot_rules {
    int cost;                        /* deliveries of large mail that earn one slot; below 2: nobody is large */
    int loan;                        /* slots that may be used before they are earned */
    int discount;                    /* percent of the price that may be owed */
    int minimum;                     /* mail of fewer than minimum * cost deliveries is not large */
};

struct turns {
    long earned;                     /* by large mail, in its deliveries; negative: owed */
    long deficit;                    /* turns that small mail is owed, times the number of large ones */
};
bool qmgr_limit_is_large(const struct slot_rules *rules, unsigned long deliveries);

/* Whose turn is it, if so many small and large jobs wait (not both 0)? True: small. Each delivery of
 * large mail earns part of a delivery slot, with which small mail goes first (Postfix's preemption);
 * without a slot they take turns by deficit round robin, one delivery a job and round. */
bool qmgr_limit_turn_is_small(struct turns *t, const struct slot_rules *rules, unsigned small, unsigned large);

#endif
