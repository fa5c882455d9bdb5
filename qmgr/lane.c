#include "qmgr/lane.h"

#include <string.h>

#include "base/mem.h"
#include "config/config.h"
#include "mail/address.h"
#include "qmgr/job.h"
#include "qmgr/message.h"
#include "qmgr/path.h"
#include "qmgr/transport.h"

struct lane *qmgr_lane_get(struct transport *t, const char *name, const char *nexthop)
{
    size_t n = strlen(name);
    struct lane *l = hash_getn(&t->lanes, name, n);

    if (l != NULL)
        return l;
    l = mem_zalloc(sizeof(*l) + n + 1);
    l->path = qmgr_path_get(t, name, nexthop);
    l->tenant = l->campaign = "";
    l->nexthop = mem_strdup(nexthop);
    memcpy(l->key, name, n + 1);
    list_init(&l->small);
    list_init(&l->large);
    list_init(&l->turn);
    list_append(&l->path->all_lanes, &l->link);
    hash_putn(&t->lanes, name, n, l);
    return l;
}

/* Where a delivery has one recipient only, each recipient is a destination of its own, so that one
 * that is slow (a mailbox, a program) does not hold up the others. Extensions do not matter. */
struct lane *qmgr_lane_for(struct transport *t, const char *nexthop, const char *address)
{
    struct str name = {0};

    if (t->recipient_limit != 1)
        return qmgr_lane_get(t, nexthop, nexthop);
    size_t local_len = address_local_len(address);
    size_t n = *conf.recipient_delimiter == 0 ? local_len
        : address_user_len(address, local_len, conf.recipient_delimiter, conf.double_bounce_sender);
    str_add(&name, address, n);
    str_addc(&name, '@');
    str_adds(&name, nexthop);
    struct lane *l = qmgr_lane_get(t, str_text(&name), nexthop);
    str_done(&name);
    return l;
}

void qmgr_lane_free(struct lane *l)
{
    hash_remove(&l->path->transport->lanes, l->key);
    list_remove(&l->link);
    mem_free(l->nexthop);
    mem_free(l);
}

static struct batch *new_batch(struct lane *l, struct job *job)
{
    struct batch *b = arena_new(&job->message->arena, struct batch);

    *b = (struct batch){.message = job->message, .job = job, .lane = l, .last = &b->first, .is_large = job->is_large};
    list_append(b->is_large ? &l->large : &l->small, &b->link);
    if (b->is_large)
        l->large_count++;
    else
        l->small_count++;
    l->path->waiting++;
    if (!list_is_linked(&l->turn))
        list_append(&l->path->lanes, &l->turn);
    return b;
}

void qmgr_lane_add(struct lane *l, struct job *job, struct recipient *r)
{
    struct batch *b = l->open;

    if (b == NULL || b->message != job->message)
        b = l->open = new_batch(l, job);
    r->next = NULL;
    *b->last = r;
    b->last = &r->next;
    b->count++;
}

static void remove_batch(struct batch *b)
{
    struct lane *l = b->lane;

    list_remove(&b->link);
    if (b->is_large)
        l->large_count--;
    else
        l->small_count--;
    if (l->large_count == 0)
        l->turns = (struct turns){0};
    l->path->waiting--;
    if (l->open == b)
        l->open = NULL;
    if (l->small_count + l->large_count == 0) {
        list_remove(&l->turn);
        l->deficit = 0;
    }
}

struct batch *qmgr_lane_next(struct lane *l)
{
    if (l->small_count + l->large_count == 0)
        return NULL;
    if (qmgr_limit_turn_is_small(&l->turns, &l->path->transport->slots, l->small_count, l->large_count))
        return list_first(&l->small, struct batch, link);
    struct batch *b = list_first(&l->large, struct batch, link);
    list_remove(&b->link); /* the next large one has the next turn */
    list_append(&l->large, &b->link);
    return b;
}

struct batch *qmgr_lane_any(const struct lane *l)
{
    struct batch *b = list_first(&l->small, struct batch, link);

    return b != NULL ? b : list_first(&l->large, struct batch, link);
}

size_t qmgr_lane_take(struct batch *b, size_t limit, struct recipient **first)
{
    size_t n = 0;
    struct recipient **last = &b->first;

    *first = b->first;
    for (; *last != NULL && (limit == 0 || n < limit); n++)
        last = &(*last)->next;
    b->first = *last;
    *last = NULL;
    b->count -= n;
    if (b->first == NULL)
        remove_batch(b);
    return n;
}
