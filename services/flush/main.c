/* flush: knows which deferred messages wait for which site, and releases them. See flush(8); requests
 * are described in lib/mail/flush_client.h. */
#include <string.h>

#include "base/log.h"
#include "config/config.h"
#include "daemon/daemon.h"
#include "ipc/attr_stream.h"
#include "mail/flush_client.h"
#include "queue/qid.h"
#include "services/flush/release.h"
#include "services/flush/site.h"

enum { MAX_REQUEST = 4096, WAKE_UP = 'W' };

/* What a request is about: the site is one that the service is for, and the id is valid. */
struct subject {
    const char *site, *queue_id;
};

static enum flush_status do_add(const struct subject *s)
{
    return flush_site_add(s->site, s->queue_id);
}

static enum flush_status do_send_site(const struct subject *s)
{
    return flush_site_send(s->site);
}

static enum flush_status do_send_file(const struct subject *s)
{
    if (flush_release_message(s->queue_id, true) == FLUSH_RELEASED)
        flush_release_tell_qmgr("I");
    return FLUSH_OK;
}

static enum flush_status do_refresh(const struct subject *s)
{
    (void) s;
    flush_site_refresh(conf.fast_flush_refresh_time);
    return FLUSH_OK;
}

static enum flush_status do_purge(const struct subject *s)
{
    (void) s;
    flush_site_refresh(0);
    return FLUSH_OK;
}

static const struct {
    const char *name;
    bool has_site, has_queue_id;
    enum flush_status (*run)(const struct subject *s);
} requests[] = {
    {"add", true, true, do_add},
    {"send_site", true, false, do_send_site},
    {"send_file", false, true, do_send_file},
    {"refresh", false, false, do_refresh},
    {"purge", false, false, do_purge},
};

static enum flush_status handle(struct attrs *list)
{
    const char *name = attrs_text(list, "request", "");
    struct subject s = {.site = attrs_get(list, "site"), .queue_id = attrs_get(list, "queue_id")};

    for (size_t i = 0; i < ARRAY_SIZE(requests); i++) {
        if (strcmp(requests[i].name, name) != 0)
            continue;
        if ((requests[i].has_site && s.site == NULL) ||
            (requests[i].has_queue_id && (s.queue_id == NULL || !qid_is_valid(s.queue_id))))
            return FLUSH_BAD;
        enum flush_status policy = requests[i].has_site ? flush_policy(s.site) : FLUSH_OK;
        return policy == FLUSH_OK ? requests[i].run(&s) : policy;
    }
    log_warn("unknown request \"%.100s\" from a client of the %s service", name, daemon_service_name());
    return FLUSH_BAD;
}

static bool is_trigger(struct stream *s)
{
    const char *bytes;

    return stream_peek(s, &bytes) > 0 && *bytes == WAKE_UP;
}

static void greet(struct stream *s)
{
    struct str text = {0};

    attr_put(&text, "protocol", FLUSH_PROTOCOL);
    attr_end(&text);
    stream_add(s, text.data, text.len);
    str_done(&text);
}

static void answer(struct stream *s)
{
    struct str request = {0}, reply = {0};
    struct attrs list;

    if (attr_stream_read(s, &request, MAX_REQUEST)) {
        const char *cursor = str_text(&request);
        bool ok = attrs_parse(&cursor, cursor + request.len, &list);
        attr_put_long(&reply, "status", ok ? handle(&list) : FLUSH_BAD);
        attr_end(&reply);
        stream_add(s, reply.data, reply.len);
        stream_flush(s);
    }
    str_done(&request);
    str_done(&reply);
}

static void session(struct daemon_client *c)
{
    struct stream s;

    stream_init(&s, c->fd, (msec) conf.ipc_timeout * 1000);
    c->fd = -1;
    greet(&s);
    if (is_trigger(&s))
        flush_site_refresh(conf.fast_flush_refresh_time);
    else
        answer(&s);
    stream_done(&s);
}

int main(int argc, char **argv)
{
    static const struct daemon_program program = {.name = "flush", .before_jail = flush_open, .session = session};

    return daemon_main(argc, argv, &program);
}
