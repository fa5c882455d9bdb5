#include "daemon/agent.h"

#include "base/list.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/task.h"
#include "config/config.h"
#include "daemon/daemon.h"

struct running {
    struct list link;
    struct delivery delivery;
    struct arena memory;
    struct request *request;
    struct task *task;
    bool is_committed;
};

static const struct agent *agent;
static struct list running = {&running, &running};
static struct timer grow; /* of the room of the one client */
enum { GROW_MS = 500 };

struct arena *agent_memory(struct delivery *d)
{
    return &container_of(d, struct running, delivery)->memory;
}

bool agent_commit(struct delivery *d)
{
    struct running *r = container_of(d, struct running, delivery);

    if (task_is_cancelled() || request_is_cancelled(r->request))
        return false;
    r->is_committed = true;
    return true;
}

void agent_deliver_each(struct delivery *d, agent_deliver_one *one)
{
    struct message_bytes message;

    if (!delivery_open(d, &message))
        return;
    for (size_t i = 0; i < d->recipient_count && agent_commit(d); i++)
        one(d, &d->recipients[i], &message);
    message_close(&message);
}

/* For qmgr to know that nothing has happened: it tries again. */
static void refuse(struct request *request)
{
    struct delivery nothing = {.hop = {.status = "4.3.0",
                                   .action = "",
                                   .reason = "malformed delivery request",
                                   .diag_type = "",
                                   .diag_text = "",
                                   .mta_type = "",
                                   .mta_name = ""}};
    struct str reply = {0};

    log_warn("malformed delivery request");
    delivery_put_result(&reply, &nothing);
    request_reply(request, &reply);
    str_done(&reply);
}

static void handle(struct request *request)
{
    struct running r = {.request = request, .task = task_self()};
    struct str reply = {0};
    size_t n;
    const char *head = request_head(request, &n);

    if (!delivery_get(&r.memory, head, n, &r.delivery)) {
        refuse(request);
    } else {
        r.delivery.agent_begin = clock_wall();
        list_append(&running, &r.link);
        agent->deliver(&r.delivery);
        list_remove(&r.link);
        delivery_put_result(&reply, &r.delivery);
        request_reply(request, &reply);
    }
    str_done(&reply);
    arena_done(&r.memory);
}

/* After a reload the process before us has deliveries under way, which count; the room grows as they end. */
static void say_hello(void *arg)
{
    int room = daemon_session_room();
    struct mux *m = arg;
    struct str hello = {0};

    attr_put_long(&hello, "room", room);
    attr_end(&hello);
    mux_hello(m, &hello);
    str_done(&hello);
    if (room < daemon_session_limit()) {
        grow.fire = say_hello;
        grow.arg = m;
        timer_set(&grow, clock_after(GROW_MS));
    }
}

static void opened(struct mux *m)
{
    say_hello(m);
}

static void closed(struct mux *m)
{
    if (grow.arg == m)
        timer_stop(&grow);
    list_each (link, &running) {
        struct running *r = list_entry(link, struct running, link);
        if (request_mux(r->request) == m && !r->is_committed)
            task_cancel(r->task);
    }
}

int agent_main(int argc, char **argv, const struct agent *a)
{
    static struct mux_handler handler = {.request = handle, .in_task = true, .opened = opened, .closed = closed};
    struct daemon_program program = {
        .name = a->name,
        .before_jail = a->before_jail,
        .after_jail = a->after_jail,
        .draining = a->draining,
        .is_idle = a->is_idle,
        .mux = &handler,
        .has_one_client = true,
        .is_single = a->is_single,
        .keeps_root = a->keeps_root,
    };

    agent = a;
    handler.max_requests = a->is_single ? 1 : 0;
    return daemon_main(argc, argv, &program);
}
