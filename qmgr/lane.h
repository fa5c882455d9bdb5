/* lane.h: the mail of one tenant and campaign for one destination: where recipients wait.
 *
 * A lane leads to a path. Within it small messages are served in order, large mailings take turns,
 * and between the two the rules of limit.h decide. Without tenants all mail belongs to the tenant "".
 */
#ifndef QMGR_LANE_H
#define QMGR_LANE_H

#include <stdbool.h>
#include <stddef.h>

#include "base/list.h"
#include "qmgr/limit.h"

struct job;
struct message;
struct path;
struct recipient;
struct transport;

struct lane {
    struct path *path;
    const char *tenant, *campaign; /* "" */
    char *nexthop;                 /* what the agent is told */
    struct list small, large;      /* batches */
    unsigned small_count, large_count;
    struct turns turns;
    long deficit;                  /* recipients that the lane may still send in its turn */
    struct list turn;              /* on path->lanes, while something waits */
    struct list link;              /* on path->all_lanes */
    struct batch *open;            /* the batch that was added last, for more of the same message */
    unsigned pins;                 /* recipients that were resolved to it and have not been added yet */
    char key[];                    /* in transport->lanes */
};

/* The recipients of one message that wait in one lane. */
struct batch {
    struct message *message;
    struct job *job;
    struct lane *lane;
    struct list link;              /* on lane->small or lane->large */
    struct recipient *first, **last;
    size_t count;
    bool is_large;
};

/* name: of the path; nexthop: what the agent is told. The name depends on the recipient where
 * recipients have paths of their own. */
struct lane *qmgr_lane_get(struct transport *t, const char *name, const char *nexthop);
struct lane *qmgr_lane_for(struct transport *t, const char *nexthop, const char *address);
void qmgr_lane_free(struct lane *l);

void qmgr_lane_add(struct lane *l, struct job *job, struct recipient *r); /* at the end of its job's batch */

struct batch *qmgr_lane_next(struct lane *l);  /* the batch whose turn it is; NULL: nothing waits */
struct batch *qmgr_lane_any(const struct lane *l); /* one that waits, whoever's turn it is; NULL: nothing waits */

/* Recipients leave a batch, at most limit (0: all that wait); their number, and they are linked by
 * next. An empty batch is off the lane. */
size_t qmgr_lane_take(struct batch *b, size_t limit, struct recipient **first);

#endif
