/* socketmap:inet:host:port:name, socketmap:unix:path:name: Sendmail's protocol. The question is "name
 * key", the answer "OK value", "NOTFOUND ", or one of three kinds of failure; each a netstring
 * (socketmap_table(5)). */
#include <errno.h>
#include <stdint.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/task.h"
#include "config/config.h"
#include "table/netstring.h"
#include "table/server.h"
#include "table/type.h"
#include "table/types.h"

enum { TIMEOUT_MS = 100 * 1000, IDLE_MS = 10 * 1000, LIFE_MS = 100 * 1000 };

struct socketmap {
    struct server server;
    const char *name; /* of the map that the server has; in the table's name */
};

static bool socketmap_open(struct table *t, struct str *why)
{
    struct socketmap *m = t->state = mem_zalloc(sizeof(*m));
    const char *colon = strrchr(t->name, ':');

    if (colon == NULL) {
        str_setf(why, "%s requires server:socketmap argument", t->type->name);
        return false;
    }
    char *service = mem_strndup(t->name, (size_t) (colon - t->name));
    bool ok = server_init(&m->server, service, why);
    mem_free(service);
    m->name = colon + 1;
    m->server.timeout = TIMEOUT_MS;
    m->server.idle = IDLE_MS;
    m->server.life = LIFE_MS;
    return ok;
}

static void socketmap_close(struct table *t)
{
    struct socketmap *m = t->state;

    server_done(&m->server);
    mem_free(m);
}

static enum table_result lookup_error(struct table *t, int error, const char *why)
{
    t->error = error;
    log_warn("table %s lookup error: %s", t->full_name, why);
    return TABLE_ERROR;
}

/* One question. TABLE_FOUND: there is a reply; TABLE_ABSENT: the connection had ended, try a new one. */
static enum table_result ask(struct table *t, const char *key, struct str *reply)
{
    struct socketmap *m = t->state;
    struct server_link *l = server_take(&m->server);
    const char *why = NULL;

    if (l == NULL) {
        int error = errno;
        log_warn("connect to %s: %s", m->server.endpoint, strerror(error));
        return lookup_error(t, error, strerror(error));
    }
    stream_addf(&l->stream, "%zu:%s %s,", strlen(m->name) + 1 + strlen(key), m->name, key);
    bool ok = netstring_read(&l->stream, (size_t) conf.socketmap_max_reply_size, reply, &why);
    bool has_ended = stream_error(&l->stream) == STREAM_EOF && reply->len == 0;
    bool was_reused = l->is_reused;
    server_give(&m->server, l, ok);
    if (ok)
        return TABLE_FOUND;
    return has_ended && was_reused ? TABLE_ABSENT : lookup_error(t, ECONNRESET, why);
}

/* What a reply's first word says. */
static const struct {
    const char *word;
    enum table_result result;
    int error;
    const char *kind;
} answers[] = {
    {"OK", TABLE_FOUND, 0, NULL},
    {"NOTFOUND", TABLE_ABSENT, 0, NULL},
    {"TEMP", TABLE_ERROR, EAGAIN, "temporary"},
    {"TIMEOUT", TABLE_ERROR, ETIMEDOUT, "timeout"},
    {"PERM", TABLE_ERROR, 0, "permanent"},
};

static enum table_result complain(struct table *t, int error, const char *kind, const char *text)
{
    t->error = error;
    log_warn("%s socketmap server %s error%s%.200s", t->full_name, kind, *text == 0 ? "" : ": ", text);
    return TABLE_ERROR;
}

static enum table_result read_reply(struct table *t, char *reply, struct str *value)
{
    char *text = strchr(reply, ' ');

    if (text != NULL)
        *text++ = 0;
    for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
        if (strcmp(answers[i].word, reply) != 0)
            continue;
        if (answers[i].kind != NULL)
            return complain(t, answers[i].error, answers[i].kind, text == NULL ? "" : text);
        if (answers[i].result == TABLE_FOUND)
            str_adds(value, text == NULL ? "" : text);
        return answers[i].result == TABLE_FOUND && text == NULL ? TABLE_ABSENT : answers[i].result;
    }
    return complain(t, EPROTO, "unknown", text == NULL ? "" : text);
}

static enum table_result socketmap_find(struct table *t, const char *key, size_t len, struct str *value)
{
    struct socketmap *m = t->state;
    struct str reply = {0};
    enum table_result result;

    if (len + strlen(m->name) + 1 > (size_t) conf.socketmap_max_query_size)
        return lookup_error(t, EMSGSIZE, "the query exceeds socketmap_max_query_size");
    while ((result = ask(t, key, &reply)) == TABLE_ABSENT)
        str_clear(&reply);
    if (result == TABLE_FOUND) {
        str_addc(&reply, 0); /* never empty memory */
        result = read_reply(t, reply.data, value);
    }
    str_done(&reply);
    return result;
}

const struct type_ops socketmap_ops = {.open = socketmap_open, .close = socketmap_close, .find = socketmap_find};
