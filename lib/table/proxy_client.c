#include "table/proxy_client.h"

#include <errno.h>
#include <string.h>

#include "base/list.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/net.h"
#include "base/task.h"
#include "config/config.h"
#include "ipc/attr_stream.h"
#include "table/proxy.h"
#include "table/together.h"

enum { RETRY_MS = 1000, ANNOUNCEMENT_BYTES = 1024 };

/* A connection. */
struct line {
    struct list link;
    struct stream stream;
    msec idle_at;
};

static struct service {
    struct list idle;        /* struct line, the one used last in front */
    struct together asked;
    struct timer idle_timer;
} services[2] = {{.idle = {&services[0].idle, &services[0].idle}}, {.idle = {&services[1].idle, &services[1].idle}}};

static const char *name_of(const struct service *s)
{
    return s == &services[0] ? conf.proxymap_service_name : conf.proxywrite_service_name;
}

/* --- connections --- */

static void hang_up(struct line *l)
{
    stream_done(&l->stream);
    mem_free(l);
}

static bool is_announced(struct line *l)
{
    struct attrs list;
    struct str text = {0};

    bool ok = attr_stream_read(&l->stream, &text, ANNOUNCEMENT_BYTES);
    const char *cursor = str_text(&text);
    ok = ok && attrs_parse(&cursor, cursor + text.len, &list) &&
        strcmp(attrs_text(&list, "protocol", ""), PROXY_PROTOCOL) == 0;
    str_done(&text);
    return ok;
}

/* NULL: errno. */
static struct line *call_up(const struct service *s, msec deadline)
{
    char *path = mem_printf("private/%s", name_of(s));
    int fd = net_connect_unix(path, deadline);

    mem_free(path);
    if (fd < 0)
        return NULL;
    struct line *l = mem_zalloc(sizeof(*l));
    stream_init(&l->stream, fd, NEVER);
    l->stream.deadline = deadline;
    if (is_announced(l))
        return l;
    hang_up(l);
    errno = EPROTO;
    return NULL;
}

static void close_idle(void *arg)
{
    struct service *s = arg;

    while (!list_is_empty(&s->idle)) {
        struct line *oldest = list_entry(s->idle.prev, struct line, link);
        if (oldest->idle_at > clock_now()) {
            timer_set(&s->idle_timer, oldest->idle_at);
            return;
        }
        list_remove(&oldest->link);
        hang_up(oldest);
    }
}

static void keep(struct service *s, struct line *l)
{
    l->idle_at = clock_after((msec) conf.ipc_idle * 1000);
    list_prepend(&s->idle, &l->link);
    s->idle_timer.fire = close_idle;
    s->idle_timer.arg = s;
    if (!timer_is_set(&s->idle_timer))
        timer_set(&s->idle_timer, l->idle_at);
}

/* One that is idle, or NULL. */
static struct line *kept(struct service *s)
{
    struct line *l = list_first(&s->idle, struct line, link);

    if (l != NULL)
        list_remove(&l->link);
    return l;
}

/* --- questions --- */

static bool converse(struct line *l, const struct str *request, struct str *reply, msec deadline)
{
    l->stream.deadline = deadline;
    stream_add(&l->stream, str_text(request), request->len);
    if (attr_stream_read(&l->stream, reply, PROXY_REPLY_MAX))
        return true;
    errno = l->stream.error == STREAM_TIMEOUT ? ETIMEDOUT : ECONNRESET;
    return false;
}

/* False: errno. A kept connection may have been closed meanwhile: that is no failure yet. */
static bool try_once(struct service *s, const struct str *request, struct str *reply, msec deadline)
{
    for (;;) {
        struct line *l = kept(s);
        bool is_new = l == NULL;
        if (is_new && (l = call_up(s, deadline)) == NULL)
            return false;
        if (converse(l, request, reply, deadline)) {
            keep(s, l);
            return true;
        }
        int error = errno;
        hang_up(l);
        errno = error;
        if (is_new || task_is_cancelled())
            return false;
    }
}

static bool ask(struct service *s, const struct str *request, struct str *reply)
{
    msec deadline = clock_after(2000 * (msec) conf.proxymap_query_timeout);
    bool is_told = false;

    while (!try_once(s, request, reply, deadline)) {
        if (task_is_cancelled())
            return false;
        if (!is_told)
            log_warn("dict_proxy_%s: service %s: %s", s == &services[0] ? "lookup" : "update", name_of(s),
                strerror(errno));
        is_told = true;
        if (clock_now() + RETRY_MS >= deadline)
            return false;
        task_sleep(RETRY_MS);
    }
    return true;
}

static bool ask_service(void *context, const struct str *request, struct str *reply)
{
    return ask(context, request, reply);
}

bool proxy_client_ask(bool for_writing, const struct str *request, struct str *reply)
{
    struct service *s = &services[for_writing];

    if (task_self() == NULL || for_writing)
        return ask(s, request, reply);
    return together_ask(&s->asked, request, reply, ask_service, s);
}
