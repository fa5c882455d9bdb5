#include "table/remote.h"

#include <errno.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/task.h"

bool remote_open(struct remote *r, struct dbms_conf *c, const struct table *t, const char *server_parameter,
    const char *default_server, struct str *why)
{
    const char *server = dbms_conf_text(c, server_parameter, default_server);

    r->key_format = mem_strdup(dbms_conf_text(c, "key_format", "%s"));
    r->data_limit = (size_t) dbms_conf_int(c, "data_size_limit", 10240, 1);
    r->max_try = dbms_conf_int(c, "max_try", 2, 1);
    r->retry_pause_s = dbms_conf_int(c, "retry_pause", 1, 1);
    int timeout_s = dbms_conf_int(c, "timeout", 2, 1);
    if (!dbms_conf_is_good(c, why) || !server_init(&r->server, server, why))
        return false;
    r->server.timeout = (msec) timeout_s * 1000;
    if (!dbms_format_check(t->name, r->key_format, true, &r->needs, why))
        return false;
    r->domain = dbms_domain_open(dbms_conf_text(c, "domain", ""), why);
    return r->domain != NULL || why->len == 0;
}

void remote_close(struct remote *r)
{
    dbms_domain_close(r->domain);
    server_done(&r->server);
    mem_free(r->key_format);
}

enum table_result remote_key(const struct remote *r, const struct table *t, const char *key, struct str *out)
{
    const struct dbms_expansion e = {
        .type = t->type->name, .name = t->name, .needs = &r->needs, .format = r->key_format, .key = key};
    enum table_result result = r->domain == NULL ? TABLE_FOUND : dbms_domain_find(r->domain, key);

    str_clear(out);
    if (result != TABLE_FOUND || *key == 0)
        return result == TABLE_FOUND ? TABLE_ABSENT : result;
    return dbms_format_expand(&e, out) && out->len > 0 ? TABLE_FOUND : TABLE_ABSENT;
}

bool remote_ask(struct table *t, struct remote *r, remote_talk *talk, void *context)
{
    struct str why = {0};
    bool ok = false;

    for (int i = 0; i < r->max_try && !ok && !task_is_cancelled(); i++) {
        struct server_link *l = server_take(&r->server);
        if (l == NULL) {
            t->error = errno;
            str_setf(&why, "connect to %s: %s", r->server.endpoint, strerror(t->error));
            break;
        }
        str_clear(&why);
        ok = talk(&l->stream, context, !l->is_reused, &why);
        if (!ok && why.len == 0)
            str_setf(&why, "database %s: I/O error: %s", t->full_name, stream_error_text(&l->stream));
        t->error = stream_error(&l->stream) == STREAM_TIMEOUT ? ETIMEDOUT : ECONNRESET;
        bool may_retry_now = l->is_reused;
        server_give(&r->server, l, ok);
        if (!ok && !may_retry_now && i + 1 < r->max_try)
            task_sleep((msec) r->retry_pause_s * 1000);
    }
    if (!ok)
        log_warn("%s", str_text(&why));
    str_done(&why);
    return ok;
}

bool remote_line(struct stream *s, size_t limit, struct str *line, struct str *why)
{
    str_clear(line);
    enum line_result result = stream_line(s, line, limit);
    if (result == LINE_TOO_LONG)
        str_set(why, "the server's reply is longer than line_size_limit");
    return result == LINE_OK;
}

bool remote_data(struct stream *s, size_t n, struct str *data, struct str *why)
{
    str_clear(data);
    if (!stream_take(s, n + 2, data))
        return false;
    bool ok = data->data[n] == '\r' && data->data[n + 1] == '\n';
    if (!ok)
        str_set(why, "the server's data does not end where it says");
    str_cut(data, n);
    return ok;
}
