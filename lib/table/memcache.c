/* memcache:/file.cf: a memcached server, and perhaps a table behind it that keeps what that forgets
 * (memcache_table(5)). */
#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "table/remote.h"
#include "table/types.h"

enum { MAX_KEY = 250 }; /* bytes; the server takes no longer ones */

struct memcache {
    struct remote remote;
    struct table *backup; /* NULL: none */
    int flags, ttl_s;
    size_t line_limit;
};

/* A question. */
struct request {
    const struct memcache *m;
    const struct table *t;
    const char *key;         /* as the server knows it */
    const char *new_value;   /* to be stored */
    struct str *value;       /* that was found */
    enum table_result result;
};

static bool memcache_open(struct table *t, struct str *why)
{
    struct memcache *m = t->state = mem_zalloc(sizeof(*m));
    struct dbms_conf c;
    bool ok = false;

    if (!dbms_conf_open(&c, t->name, why))
        goto done;
    m->flags = dbms_conf_int(&c, "flags", 0, 0);
    m->ttl_s = dbms_conf_int(&c, "ttl", 3600, 0);
    m->line_limit = (size_t) dbms_conf_int(&c, "line_size_limit", 1024, 1);
    ok = remote_open(&m->remote, &c, t, "memcache", "inet:localhost:11211", why);
    const char *backup = dbms_conf_text(&c, "backup", "");
    if (ok && *backup != 0)
        m->backup = table_open(backup, t->flags);
done:
    dbms_conf_close(&c);
    return ok;
}

static void memcache_close(struct table *t)
{
    struct memcache *m = t->state;

    remote_close(&m->remote);
    table_close(m->backup);
    mem_free(m);
}

/* The server's key. TABLE_ABSENT: it cannot have it. */
static enum table_result key_of(struct table *t, const char *key, struct str *out)
{
    const struct memcache *m = t->state;
    enum table_result result = remote_key(&m->remote, t, key, out);

    if (result != TABLE_FOUND)
        return result;
    for (size_t i = 0; i < out->len; i++)
        if ((unsigned char) out->data[i] <= ' ' || out->data[i] == 0x7f)
            return TABLE_ABSENT;
    return out->len <= MAX_KEY ? TABLE_FOUND : TABLE_ABSENT;
}

static bool talk_get(struct stream *s, void *context, bool is_new, struct str *why)
{
    struct request *r = context;
    struct str line = {0};
    long size = -1;

    (void) is_new;
    stream_addf(s, "get %s\r\n", r->key);
    bool ok = remote_line(s, r->m->line_limit, &line, why);
    if (ok && strcmp(str_text(&line), "END") == 0) {
        r->result = TABLE_ABSENT;
    } else if (ok && sscanf(str_text(&line), "VALUE %*s %*s %ld", &size) == 1 && size >= 0 &&
               (size_t) size <= r->m->remote.data_limit) {
        r->result = TABLE_FOUND;
        ok = remote_data(s, (size_t) size, r->value, why) && remote_line(s, r->m->line_limit, &line, why);
        if (!ok)
            str_setf(why, "%s: EOF receiving memcache server reply", r->t->name);
        str_cut(r->value, strlen(str_text(r->value)));
    } else if (ok) {
        str_setf(why, "%s: unexpected memcache server reply: %.30s", r->t->name, str_text(&line));
        ok = false;
    }
    str_done(&line);
    return ok;
}

static bool talk_set(struct stream *s, void *context, bool is_new, struct str *why)
{
    struct request *r = context;
    struct str line = {0};

    (void) is_new;
    stream_addf(s, "set %s %d %d %zu\r\n%s\r\n", r->key, r->m->flags, r->m->ttl_s, strlen(r->new_value), r->new_value);
    bool ok = remote_line(s, r->m->line_limit, &line, why);
    if (ok && strcmp(str_text(&line), "STORED") != 0) {
        str_setf(why, "database %s: update failed: %.30s", r->t->full_name, str_text(&line));
        ok = false;
    }
    str_done(&line);
    return ok;
}

static bool talk_delete(struct stream *s, void *context, bool is_new, struct str *why)
{
    struct request *r = context;
    struct str line = {0};

    (void) is_new;
    stream_addf(s, "delete %s\r\n", r->key);
    bool ok = remote_line(s, r->m->line_limit, &line, why);
    r->result = ok && strcmp(str_text(&line), "DELETED") == 0 ? TABLE_FOUND : TABLE_ABSENT;
    if (ok && r->result != TABLE_FOUND && strcmp(str_text(&line), "NOT_FOUND") != 0) {
        str_setf(why, "database %s: delete failed: %.30s", r->t->full_name, str_text(&line));
        ok = false;
    }
    str_done(&line);
    return ok;
}

static enum table_result ask(struct table *t, remote_talk *talk, struct request *r)
{
    struct memcache *m = t->state;

    r->m = m;
    r->t = t;
    return remote_ask(t, &m->remote, talk, r) ? r->result : TABLE_ERROR;
}

static bool store(struct table *t, const char *server_key, const char *value)
{
    struct memcache *m = t->state;
    struct request r = {.key = server_key, .new_value = value, .result = TABLE_FOUND};

    if (strlen(value) <= m->remote.data_limit)
        return ask(t, talk_set, &r) == TABLE_FOUND;
    log_warn("database %s: data for key %s is too long (data_size_limit=%zu) -- not stored", t->full_name, server_key,
        m->remote.data_limit);
    return false;
}

/* What the server does not have it gets from the table behind it. */
static enum table_result memcache_find(struct table *t, const char *key, size_t len, struct str *value)
{
    struct memcache *m = t->state;
    struct str server_key = {0};
    enum table_result may_ask = key_of(t, key, &server_key), result = may_ask;

    (void) len;
    if (may_ask == TABLE_FOUND) {
        struct request r = {.key = str_text(&server_key), .value = value};
        result = ask(t, talk_get, &r);
    }
    if (result != TABLE_FOUND && m->backup != NULL) {
        result = table_find(m->backup, key, value);
        t->error = m->backup->error;
        if (result == TABLE_FOUND && may_ask == TABLE_FOUND)
            store(t, str_text(&server_key), str_text(value));
    }
    str_done(&server_key);
    return result;
}

static enum table_put memcache_put(struct table *t, const char *key, const char *value, bool is_bare)
{
    struct memcache *m = t->state;
    struct str server_key = {0};
    enum table_put result = TABLE_FAILED;

    (void) is_bare;
    if (key_of(t, key, &server_key) == TABLE_FOUND)
        result = store(t, str_text(&server_key), value) ? TABLE_STORED : TABLE_FAILED;
    else
        log_warn("database %s: skipping update for key \"%s\"", t->full_name, key);
    if (m->backup != NULL)
        result = table_put(m->backup, key, value);
    str_done(&server_key);
    return result;
}

static enum table_result memcache_remove(struct table *t, const char *key, size_t len)
{
    struct memcache *m = t->state;
    struct str server_key = {0};
    enum table_result result = key_of(t, key, &server_key);

    (void) len;
    if (result == TABLE_FOUND) {
        struct request r = {.key = str_text(&server_key)};
        result = ask(t, talk_delete, &r);
    }
    if (m->backup != NULL)
        result = table_delete(m->backup, key);
    str_done(&server_key);
    return result;
}

static enum table_result memcache_next(struct table *t, bool from_start, struct str *key, struct str *value)
{
    struct memcache *m = t->state;

    if (m->backup != NULL)
        return table_next(m->backup, from_start, key, value);
    log_warn("database %s: first/next support requires backup database", t->full_name);
    t->error = 0;
    return TABLE_ERROR;
}

const struct type_ops memcache_ops = {.open = memcache_open,
    .close = memcache_close,
    .find = memcache_find,
    .put = memcache_put,
    .remove = memcache_remove,
    .next = memcache_next};
