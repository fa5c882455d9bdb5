#include "qmgr/reload.h"

#include "base/arena.h"
#include "base/loop.h"
#include "mail/rewrite_client.h"
#include "qmgr/intake.h"
#include "qmgr/job.h"
#include "qmgr/lane.h"
#include "qmgr/message.h"
#include "qmgr/path.h"
#include "qmgr/resolve.h"
#include "qmgr/transport.h"
#include "qmgr/turn.h"

enum { RESOLVER_MS = 1000 }; /* until trivial-rewrite has been reloaded, too */

/* The recipients of a batch, off their lane. */
struct taken {
    struct taken *next;
    struct message *message;
    struct recipient *first;
    size_t count;
};

struct collection {
    struct taken *taken;
    struct arena memory;
};

static void take_batch(struct collection *c, struct batch *b)
{
    struct taken *taken = arena_new(&c->memory, struct taken);
    struct job *job = b->job;

    taken->message = b->message;
    taken->count = qmgr_lane_take(b, 0, &taken->first);
    qmgr_job_remove(job, taken->count);
    taken->next = c->taken;
    c->taken = taken;
}

static void take_waiting(struct path *p, void *arg)
{
    struct batch *b;

    list_each_safe(pos, after, &p->lanes)
        while ((b = qmgr_lane_any(list_entry(pos, struct lane, turn))) != NULL)
            take_batch(arg, b);
    qmgr_path_refresh(p);
}

/* First all are taken, then all are asked for: an answer may come at once, and puts them into a lane again. */
static void resolve_waiting(void *arg)
{
    struct collection c = {0};

    (void) arg;
    resolve_forget();
    qmgr_transport_each_path(take_waiting, &c);
    for (const struct taken *t = c.taken; t != NULL; t = t->next)
        qmgr_resolve_again(t->message, t->first, t->count);
    arena_done(&c.memory);
    qmgr_turn_soon();
}

void qmgr_reload(void)
{
    static struct timer later = {.fire = resolve_waiting};

    qmgr_resolve_reload();
    qmgr_transport_reload();
    qmgr_intake_reload();
    timer_set(&later, clock_after(RESOLVER_MS));
}
