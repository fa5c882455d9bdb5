#include "qmgr/agent.h"

#include <errno.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/net.h"
#include "config/config.h"
#include "ipc/attr.h"
#include "qmgr/transport.h"
#include "qmgr/turn.h"

enum { MAX_AGENTS = 2000, CONNECT_RETRY_MS = 1000 };

static bool has_room(const struct agent *a)
{
    return !a->is_leaving && a->room != NO_HELLO && (a->room == 0 || a->busy < a->room);
}

static void update_free(struct agent *a)
{
    bool is_free = has_room(a);

    if (is_free == list_is_linked(&a->free))
        return;
    list_remove(&a->free);
    if (!is_free)
        return;
    /* Processes take turns, so that all cores have work; of those with one delivery at a time the
     * same few are used, so that the others may end. */
    if (a->room == 1)
        list_prepend(&a->transport->free_agents, &a->free);
    else
        list_append(&a->transport->free_agents, &a->free);
    qmgr_turn_soon();
}

static void agent_free(struct agent *a)
{
    list_remove(&a->free);
    list_remove(&a->link);
    a->transport->agent_count--;
    mem_free(a);
}

/* --- the connection --- */

static void nobody_coming(struct transport *t)
{
    t->coming = NULL;
    timer_stop(&t->hello_timer);
}

static void hello(struct mux *m, const char *bytes, size_t n)
{
    struct agent *a = mux_context(m);
    struct attrs list;

    if (!attrs_parse(&bytes, bytes + n, &list))
        return;
    long room = attrs_long(&list, "room", 1);
    a->room = room < 0 ? 1 : (unsigned) room;
    a->idle_since = clock_now();
    if (a->transport->coming == a)
        nobody_coming(a->transport);
    update_free(a);
    qmgr_turn_soon();
}

static void leaving(struct mux *m)
{
    struct agent *a = mux_context(m);

    a->is_leaving = true;
    update_free(a);
}

/* The calls that were under way have been told before. */
static void closed(struct mux *m)
{
    struct agent *a = mux_context(m);
    struct transport *t = a->transport;

    if (t->coming == a) {
        nobody_coming(t);
        timer_set(&t->connect_timer, clock_after(CONNECT_RETRY_MS));
    }
    agent_free(a);
    qmgr_turn_soon();
}

static const struct mux_handler handler = {.hello = hello, .leaving = leaving, .closed = closed};

static void try_again(void *arg)
{
    (void) arg;
    qmgr_turn_soon();
}

static void unavailable(struct transport *t)
{
    struct dsn why = {.status = "4.3.0", .reason = "mail transport unavailable"};

    log_warn("connect to transport private/%s: %m", t->name);
    qmgr_transport_suspend(t, &why);
}

static void watch_for_hello(struct transport *t);

/* The connection stands since master listens, whether or not the program can be started. */
static void no_hello(void *arg)
{
    struct transport *t = arg;

    if (t->agent_count > 1) { /* others are at work: there may be no room for more */
        watch_for_hello(t);
        return;
    }
    errno = ETIMEDOUT;
    unavailable(t);
    mux_close(t->coming->mux);
}

static void watch_for_hello(struct transport *t)
{
    t->hello_timer = (struct timer){.fire = no_hello, .arg = t};
    timer_set(&t->hello_timer, clock_after((msec) conf.qmgr_ipc_timeout * 1000));
}

static void cannot_connect(struct transport *t)
{
    bool is_full = errno == EAGAIN || errno == ETIMEDOUT; /* the backlog: many wait there already */

    t->connect_timer = (struct timer){.fire = try_again, .arg = t};
    timer_set(&t->connect_timer, clock_after(CONNECT_RETRY_MS));
    if (!is_full && list_is_empty(&t->agents))
        unavailable(t);
}

static void open_one_more(struct transport *t)
{
    if (t->coming != NULL || timer_is_set(&t->connect_timer) || t->agent_count >= MAX_AGENTS)
        return;
    char *path = mem_printf("private/%s", t->name);
    int fd = net_connect_unix(path, 0);
    mem_free(path);
    if (fd < 0) {
        cannot_connect(t);
        return;
    }
    struct agent *a = mem_zalloc(sizeof(*a));
    *a = (struct agent){.transport = t, .room = NO_HELLO};
    list_init(&a->free);
    list_append(&t->agents, &a->link);
    t->agent_count++;
    t->coming = a;
    t->connect_timer = (struct timer){.fire = try_again, .arg = t};
    a->mux = mux_new_client(fd, &handler, a);
    watch_for_hello(t);
}

/* --- deliveries --- */

struct agent *qmgr_agent_pick(struct transport *t)
{
    struct agent *a = list_first(&t->free_agents, struct agent, free);

    if (a == NULL)
        open_one_more(t);
    return a;
}

void qmgr_agent_call(struct agent *a, const struct str *request, call_done *done, void *arg)
{
    a->busy++;
    list_remove(&a->free); /* to the end of the list, if there is still room */
    update_free(a);
    call_end(call_start(a->mux, request, done, arg));
}

void qmgr_agent_release(struct agent *a)
{
    a->idle_since = clock_now();
    a->busy--;
    update_free(a);
}

void qmgr_agent_reap(struct transport *t)
{
    list_each_safe(pos, after, &t->agents) {
        struct agent *a = list_entry(pos, struct agent, link);
        if (a->busy == 0 && a->room != NO_HELLO && clock_now() - a->idle_since >= (msec) conf.max_idle * 1000)
            mux_close(a->mux);
    }
}
