/* proxymap: lookup tables for other daemons, as the services proxymap and proxywrite. See proxymap(8).
 *
 * A task a client; tables in files are read in place, those whose client library blocks in processes
 * of their own (pool.c). Which tables: approved.c. The protocol: lib/table/proxy.h. */
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/list.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/task.h"
#include "config/config.h"
#include "daemon/daemon.h"
#include "ipc/attr_stream.h"
#include "services/proxymap/approved.h"
#include "services/proxymap/pool.h"
#include "table/direct.h"
#include "table/key.h"
#include "table/proxy.h"

struct client {
    struct list link;
    struct task *task;
    struct stream stream;
    bool is_asking;
};

static struct list clients = {&clients, &clients};
static struct hash tables; /* "flags type:name" -> struct table, open for good */
static bool is_for_writing;

/* --- tables --- */

/* A table that blocks is opened once, whatever flags the client has: its keys are folded here. */
static struct table *table_of(const char *name, int wire_flags)
{
    int flags = proxy_flags_from_wire(wire_flags) | (is_for_writing ? TABLE_WRITE | TABLE_CREATE : 0);

    if (proxymap_approved_blocks(name))
        flags = 0;
    char *key = mem_printf("%x %s", (unsigned) flags, name);
    struct hash_entry *slot = hash_slot(&tables, key, strlen(key));
    mem_free(key);
    if (slot->value == NULL)
        slot->value = table_open(name, flags);
    return slot->value;
}

struct request {
    struct attrs list;
    const char *table_name, *key;
    int flags;            /* as they came */
    struct table *table;  /* NULL: not approved */
};

static enum proxy_status status_of(enum table_result result)
{
    if (result == TABLE_FOUND)
        return PROXY_OK;
    return result == TABLE_ABSENT ? PROXY_NOKEY : PROXY_RETRY;
}

static enum proxy_status look_up(const struct request *r, struct str *value)
{
    struct table *t = r->table;
    struct str folded = {0};

    if ((t->traits & TYPE_BLOCKS) == 0)
        return status_of(table_find(t, r->key, value));
    if ((proxy_flags_from_wire(r->flags) & TABLE_FOLD) != 0)
        key_fold(r->key, strlen(r->key), true, &folded);
    enum proxy_status status = proxymap_pool_ask(t->server != NULL ? t->server : r->table_name, r->table_name,
        folded.len > 0 ? str_text(&folded) : r->key, value);
    str_done(&folded);
    return status;
}

/* --- requests --- */

static enum proxy_status do_open(struct request *r, struct str *reply)
{
    int flags = r->flags | (table_is_pattern(r->table) ? PROXY_FLAG_PATTERN : PROXY_FLAG_FIXED);

    attr_put_long(reply, "status", PROXY_OK);
    attr_put_long(reply, "flags", flags);
    return PROXY_OK;
}

static enum proxy_status do_lookup(struct request *r, struct str *reply)
{
    struct str value = {0};
    enum proxy_status status = look_up(r, &value);

    attr_put_long(reply, "status", status);
    attr_put(reply, "value", status == PROXY_OK ? str_text(&value) : "");
    str_done(&value);
    return status;
}

static enum proxy_status do_sequence(struct request *r, struct str *reply)
{
    struct str key = {0}, value = {0};
    enum proxy_status status = status_of(table_next(r->table, attrs_long(&r->list, "function", 0) == 0, &key, &value));

    attr_put_long(reply, "status", status);
    attr_put(reply, "key", str_text(&key));
    attr_put(reply, "value", str_text(&value));
    str_done(&key);
    str_done(&value);
    return status;
}

/* Changing is for the other service. */
static bool may_change(const struct request *r, const char *what)
{
    if (!is_for_writing)
        log_warn("refusing %s %s request on non-%s service", r->table_name, what, conf.proxywrite_service_name);
    return is_for_writing;
}

static enum proxy_status do_update(struct request *r, struct str *reply)
{
    enum proxy_status status = PROXY_DENY;

    if (may_change(r, "update"))
        status = table_put(r->table, r->key, attrs_text(&r->list, "value", "")) == TABLE_FAILED ? PROXY_RETRY : PROXY_OK;
    attr_put_long(reply, "status", status);
    return status;
}

static enum proxy_status do_delete(struct request *r, struct str *reply)
{
    enum proxy_status status = may_change(r, "delete") ? status_of(table_delete(r->table, r->key)) : PROXY_DENY;

    attr_put_long(reply, "status", status);
    return status;
}

static const struct {
    const char *name;
    enum proxy_status (*run)(struct request *r, struct str *reply);
    const char *needs[2]; /* besides table and flags */
    const char *empty[2]; /* what a refusal has besides the status, for clients that insist on it */
} requests[] = {
    {"open", do_open, {NULL}, {"flags"}},
    {"lookup", do_lookup, {"key"}, {"value"}},
    {"update", do_update, {"key", "value"}, {NULL}},
    {"delete", do_delete, {"key"}, {NULL}},
    {"sequence", do_sequence, {"function"}, {"key", "value"}},
};

static bool is_complete(struct attrs *list, const char *const needs[2])
{
    for (int i = 0; i < 2; i++)
        if (needs[i] != NULL && attrs_get(list, needs[i]) == NULL)
            return false;
    return attrs_get(list, "table") != NULL && attrs_get(list, "flags") != NULL;
}

static void refuse(size_t which, enum proxy_status status, struct str *reply)
{
    attr_put_long(reply, "status", status);
    for (int i = 0; i < 2; i++)
        if (requests[which].empty[i] != NULL)
            attr_put(reply, requests[which].empty[i], strcmp(requests[which].empty[i], "flags") == 0 ? "0" : "");
}

static void serve(size_t which, struct request *r, struct str *reply)
{
    if (!is_complete(&r->list, requests[which].needs)) {
        refuse(which, PROXY_BAD, reply);
        return;
    }
    r->table_name = attrs_text(&r->list, "table", "");
    r->key = attrs_text(&r->list, "key", "");
    r->flags = (int) attrs_long(&r->list, "flags", 0);
    for (; strncmp(r->table_name, "proxy:", strlen("proxy:")) == 0;)
        r->table_name += strlen("proxy:");
    if (!proxymap_approved_has(r->table_name)) {
        refuse(which, PROXY_DENY, reply);
        return;
    }
    r->table = table_of(r->table_name, r->flags);
    requests[which].run(r, reply);
}

static void answer(const struct str *text, struct str *reply)
{
    struct request r = {0};
    const char *cursor = str_text(text);
    const char *name = attrs_parse(&cursor, cursor + text->len, &r.list) ? attrs_text(&r.list, "request", "") : "";

    str_clear(reply);
    for (size_t i = 0; i < ARRAY_SIZE(requests); i++)
        if (strcmp(requests[i].name, name) == 0)
            serve(i, &r, reply);
    if (reply->len == 0) {
        log_warn("unrecognized request: \"%s\", ignored", name);
        attr_put_long(reply, "status", PROXY_BAD);
    }
    attr_end(reply);
}

/* --- clients --- */

static void converse(struct client *c)
{
    struct str request = {0}, reply = {0};

    while (attr_stream_read(&c->stream, &request, PROXY_REQUEST_MAX)) {
        c->is_asking = true;
        answer(&request, &reply);
        stream_add(&c->stream, str_text(&reply), reply.len);
        stream_flush(&c->stream);
        c->is_asking = false;
        if (daemon_is_draining())
            break;
    }
    str_done(&request);
    str_done(&reply);
}

static void session(struct daemon_client *client)
{
    struct client c = {.task = task_self()};
    struct str greeting = {0};

    stream_init(&c.stream, client->fd, NEVER);
    client->fd = -1;
    list_append(&clients, &c.link);
    attr_put(&greeting, "protocol", PROXY_PROTOCOL);
    attr_end(&greeting);
    stream_add(&c.stream, str_text(&greeting), greeting.len);
    str_done(&greeting);
    stream_flush(&c.stream);
    converse(&c);
    list_remove(&c.link);
    stream_done(&c.stream);
}

/* In a helper: the clients are not its own. */
static void close_clients(void)
{
    list_each(pos, &clients)
        close(list_entry(pos, struct client, link)->stream.fd);
}

/* --- the process --- */

static void before_jail(void)
{
    const char *name = daemon_service_name();

    is_for_writing = strcmp(name, conf.proxywrite_service_name) == 0;
    if (!is_for_writing && strcmp(name, conf.proxymap_service_name) != 0)
        fatal("service name must be one of %s or %s", conf.proxymap_service_name, conf.proxywrite_service_name);
    proxy_use(false);
    direct_use();
    proxymap_approved_load(is_for_writing);
}

static void after_jail(void)
{
    proxymap_pool_init(close_clients);
}

static void draining(void)
{
    list_each(pos, &clients) {
        struct client *c = list_entry(pos, struct client, link);
        if (!c->is_asking)
            task_cancel(c->task);
    }
}

int main(int argc, char **argv)
{
    static const struct daemon_program program = {.name = "proxymap",
        .before_jail = before_jail,
        .after_jail = after_jail,
        .session = session,
        .draining = draining,
        .is_idle = proxymap_pool_is_idle,
        .serves_many = true};

    return daemon_main(argc, argv, &program);
}
