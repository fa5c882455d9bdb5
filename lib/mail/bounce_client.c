#include "mail/bounce_client.h"

#include "base/mem.h"
#include "config/config.h"
#include "ipc/client.h"

/* How long to go on asking a service that does not answer. For a task it is ipc_timeout; qmgr, which
 * holds the message meanwhile, rather tries the whole message again later. */
enum { ASYNC_PATIENCE_MS = 30 * 1000, APPEND_PATIENCE_MS = 10 * 1000 };

static const char *service_name(enum bounce_service which)
{
    switch (which) {
    case BOUNCE_SERVICE_BOUNCE:
        return conf.bounce_service_name;
    case BOUNCE_SERVICE_DEFER:
        return conf.defer_service_name;
    case BOUNCE_SERVICE_TRACE:
        return conf.trace_service_name;
    }
    return NULL;
}

static struct client *client_of(enum bounce_service which)
{
    static struct client *clients[BOUNCE_SERVICE_TRACE + 1]; /* connections of this process */

    if (clients[which] == NULL) {
        char *path = mem_printf("private/%s", service_name(which));
        clients[which] = client_new(path, NULL, NULL);
        mem_free(path);
    }
    return clients[which];
}

/* --- the request --- */

static void put_text(struct str *out, const char *name, const char *value)
{
    if (value != NULL && *value != 0)
        attr_put(out, name, value);
}

static void put_number(struct str *out, const char *name, long value)
{
    if (value != 0)
        attr_put_long(out, name, value);
}

static void put_recipient(struct str *out, const struct delivery_recipient *r, const char *relay,
    const struct dsn *dsn)
{
    put_text(out, "address", r->address);
    put_text(out, "original", r->original);
    put_text(out, "dsn_orcpt", r->dsn_orcpt);
    put_number(out, "dsn_notify", r->dsn_notify);
    attr_put_long(out, "offset", (long) r->offset);
    put_text(out, "relay", relay);
    dsn_put(out, dsn);
}

static void put_message(struct str *out, const struct bounce_message *m)
{
    put_text(out, "queue", m->queue);
    put_text(out, "sender", m->sender);
    put_text(out, "owner", m->owner);
    put_text(out, "encoding", m->encoding);
    put_text(out, "envelope_id", m->envelope_id);
    put_text(out, "verp_delimiters", m->verp_delimiters);
    location_put(out, &m->where);
    put_number(out, "dsn_ret", m->dsn_ret);
    put_number(out, "sendopts", m->sendopts);
    put_number(out, "verify", m->is_verify);
}

static void begin(struct str *out, const char *request, const char *queue_id)
{
    attr_put(out, "request", request);
    attr_put(out, "queue_id", queue_id);
}

static bool is_reply_good(const char *reply, size_t n)
{
    struct attrs list;

    return reply != NULL && attrs_parse(&reply, reply + n, &list) && attrs_long(&list, "status", -1) == 0;
}

/* --- in a task --- */

static bool ask(enum bounce_service which, struct str *request, msec deadline)
{
    struct str reply = {0};

    attr_end(request);
    bool ok = client_ask(client_of(which), request, &reply, deadline) && is_reply_good(str_text(&reply), reply.len);
    str_done(&reply);
    str_done(request);
    return ok;
}

bool bounce_append(enum bounce_service which, const char *queue_id, const struct delivery_recipient *r,
    const char *relay, const struct dsn *dsn)
{
    struct str request = {0};

    begin(&request, "append", queue_id);
    put_recipient(&request, r, relay, dsn);
    return ask(which, &request, clock_after(APPEND_PATIENCE_MS));
}

bool bounce_one(const struct bounce_message *m, const struct delivery_recipient *r, const char *relay,
    const struct dsn *dsn)
{
    struct str request = {0};

    begin(&request, "one", m->queue_id);
    put_message(&request, m);
    put_recipient(&request, r, relay, dsn);
    return ask(BOUNCE_SERVICE_BOUNCE, &request, clock_after((msec) conf.ipc_timeout * 1000));
}

/* --- from the loop --- */

struct asked {
    bounce_done *done;
    void *arg;
};

static void answered(void *arg, const char *reply, size_t n)
{
    struct asked *a = arg;

    a->done(a->arg, is_reply_good(reply, n));
    mem_free(a);
}

static void notify(enum bounce_service which, const char *request_name, const struct bounce_message *m,
    bounce_done *done, void *arg)
{
    struct asked *a = mem_alloc(sizeof(*a));
    struct str request = {0};

    *a = (struct asked){.done = done, .arg = arg};
    begin(&request, request_name, m->queue_id);
    put_message(&request, m);
    attr_end(&request);
    client_ask_async(client_of(which), &request, clock_after(ASYNC_PATIENCE_MS), answered, a);
    str_done(&request);
}

void bounce_flush(const struct bounce_message *m, bounce_done *done, void *arg)
{
    notify(BOUNCE_SERVICE_BOUNCE, "flush", m, done, arg);
}

void bounce_warn(const struct bounce_message *m, bounce_done *done, void *arg)
{
    notify(BOUNCE_SERVICE_DEFER, "warn", m, done, arg);
}

void bounce_flush_deferred(const struct bounce_message *m, bounce_done *done, void *arg)
{
    notify(BOUNCE_SERVICE_DEFER, "flush", m, done, arg);
}

void bounce_trace_flush(const struct bounce_message *m, bounce_done *done, void *arg)
{
    notify(BOUNCE_SERVICE_TRACE, "trace", m, done, arg);
}
