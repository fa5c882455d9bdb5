/* rig.h: qmgr in one process with all its neighbours: a queue directory, trivial-rewrite, delivery
 * agents, the bounce services, and a cleanup that writes a real journal. Everything talks over real
 * sockets; what the neighbours answer is up to the test.
 */
#ifndef QMGR_RIG_H
#define QMGR_RIG_H

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "../test.h"

#include "base/io.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/net.h"
#include "config/config.h"
#include "ipc/attr.h"
#include "mail/delivery.h"
#include "mail/rewrite_client.h"
#include "qmgr/deferred.h"
#include "qmgr/deliver.h"
#include "qmgr/feed.h"
#include "qmgr/intake.h"
#include "qmgr/message.h"
#include "qmgr/request.h"
#include "qmgr/transport.h"
#include "qmgr/turn.h"
#include "queue/dirs.h"
#include "queue/record.h"
#include "places.h"

static char rig_dir[] = "/tmp/qmgr-test.XXXXXX";
static struct str rig_log;      /* all log lines */

static inline void rig_sink(void *context, const struct log_line *lines, size_t count)
{
    (void) context;
    for (size_t i = 0; i < count; i++)
        str_addf(&rig_log, "%s\n", lines[i].text);
    if (getenv("RIG_LOG") != NULL)
        for (size_t i = 0; i < count; i++)
            fprintf(stderr, "| %s\n", lines[i].text);
}

/* --- services --- */

struct rig_service {
    const char *path;
    struct mux_handler handler;
    int fd;
    struct mux *connections[64]; /* NULL when closed */
    unsigned connection_count;
};

static inline void rig_accept(void *arg)
{
    struct rig_service *s = arg;
    int fd = accept(s->fd, NULL, NULL);

    if (fd >= 0 && s->connection_count < ARRAY_SIZE(s->connections))
        s->connections[s->connection_count++] = mux_new_server(fd, &s->handler, s);
}

static inline void rig_closed(struct mux *m)
{
    struct rig_service *s = mux_context(m);

    for (unsigned i = 0; i < s->connection_count; i++)
        if (s->connections[i] == m)
            s->connections[i] = NULL;
}

static inline void rig_serve(struct rig_service *s)
{
    struct net_addr a;
    struct str why = {0};

    net_unix(&a, s->path);
    s->fd = net_listen(&a, 64, &why);
    if (s->fd < 0)
        fail_msg("%s", str_text(&why));
    if (s->handler.closed == NULL)
        s->handler.closed = rig_closed;
    io_own(s->fd);
    loop_watch_readable(s->fd, rig_accept, s);
}

static inline void rig_reply(struct request *r, const char *name, const char *value)
{
    struct str reply = {0};

    attr_put(&reply, name, value);
    attr_end(&reply);
    request_reply(r, &reply);
    str_done(&reply);
}

/* trivial-rewrite: user@NEXTHOP.TRANSPORT goes to TRANSPORT, nexthop NEXTHOP; syntax@... is an error. */
static inline void rig_rewrite(struct request *r)
{
    struct attrs list;
    struct str reply = {0};
    size_t n;
    const char *bytes = request_head(r, &n);

    attrs_parse(&bytes, bytes + n, &list);
    const char *address = attrs_text(&list, "address", "");
    char *at = mem_strdup(strchr(address, '@') + 1), *dot = strrchr(at, '.');
    *dot = 0;
    if (strncmp(address, "syntax@", 7) == 0)
        attr_put_long(&reply, "flags", RESOLVE_ERROR);
    else
        attr_put_long(&reply, "flags", strcmp(dot + 1, "local") == 0 ? RESOLVE_CLASS_LOCAL : RESOLVE_CLASS_DEFAULT);
    attr_put(&reply, "transport", dot + 1);
    attr_put(&reply, "nexthop", at);
    attr_put(&reply, "recipient", address);
    attr_put(&reply, "scope", "domain");
    attr_end(&reply);
    request_reply(r, &reply);
    str_done(&reply);
    mem_free(at);
}

/* bounce, defer, trace: what they were asked, as "append a@b, flush ID". */
static struct str rig_asked;

static inline void rig_bounce(struct request *r)
{
    struct rig_service *s = mux_context(request_mux(r));
    struct attrs list;
    size_t n;
    const char *bytes = request_head(r, &n);

    attrs_parse(&bytes, bytes + n, &list);
    str_addf(&rig_asked, "%s %s %s\n", s->path + sizeof("private/") - 1, attrs_text(&list, "request", "?"),
        attrs_text(&list, "address", attrs_text(&list, "queue_id", "?")));
    rig_reply(r, "status", "0");
}

/* --- delivery agents --- */

struct rig_agent {
    struct rig_service service;
    long room;
    struct dsn hop;                    /* what every delivery reports; status NULL: nothing */
    enum outcome outcome;
    bool is_report;                    /* a log was written */
    bool is_holding;                   /* requests are kept until rig_agent_release() */
    struct request *held[4096];
    unsigned held_count, busy, most_busy, count;
    struct str log;                    /* "QID nexthop user user ..." */
    struct str sender;                 /* of the last delivery */
};

static inline void rig_agent_opened(struct mux *m)
{
    struct rig_agent *a = (struct rig_agent *) mux_context(m);
    struct str hello = {0};

    attr_put_long(&hello, "room", a->room);
    attr_end(&hello);
    mux_hello(m, &hello);
    str_done(&hello);
}

static inline void rig_agent_answer(struct rig_agent *a, struct request *r)
{
    struct arena memory = {0};
    struct delivery d;
    struct str reply = {0};
    size_t n;
    const char *bytes = request_head(r, &n);

    assert_true(delivery_get(&memory, bytes, n, &d));
    for (size_t i = 0; i < d.recipient_count; i++) {
        d.recipients[i].outcome = a->outcome;
        d.recipients[i].is_sent = a->outcome == OUTCOME_DONE && !a->is_report;
    }
    if (a->hop.status != NULL)
        d.hop = a->hop;
    delivery_put_result(&reply, &d);
    request_reply(r, &reply);
    a->busy--;
    str_done(&reply);
    arena_done(&memory);
}

static inline void rig_agent_request(struct request *r)
{
    struct rig_agent *a = (struct rig_agent *) mux_context(request_mux(r));
    struct arena memory = {0};
    struct delivery d;
    size_t n;
    const char *bytes = request_head(r, &n);

    assert_true(delivery_get(&memory, bytes, n, &d));
    str_setf(&a->sender, "%s", d.sender);
    str_addf(&a->log, "%s %s", d.queue_id, d.nexthop);
    for (size_t i = 0; i < d.recipient_count; i++)
        str_addf(&a->log, " %s", d.recipients[i].address);
    str_addc(&a->log, '\n');
    arena_done(&memory);
    a->count++;
    a->busy++;
    if (a->busy > a->most_busy)
        a->most_busy = a->busy;
    if (a->is_holding)
        a->held[a->held_count++] = r;
    else
        rig_agent_answer(a, r);
}

static inline void rig_agent_release(struct rig_agent *a, unsigned n)
{
    for (unsigned i = 0; i < n && i < a->held_count; i++)
        rig_agent_answer(a, a->held[i]);
    n = n < a->held_count ? n : a->held_count;
    memmove(a->held, a->held + n, (a->held_count - n) * sizeof(a->held[0]));
    a->held_count -= n;
}

static inline struct rig_agent *rig_agent(const char *path, long room)
{
    struct rig_agent *a = mem_zalloc(sizeof(*a));

    a->service = (struct rig_service){.path = path,
        .handler = {.request = rig_agent_request, .opened = rig_agent_opened}};
    a->room = room;
    a->outcome = OUTCOME_DONE;
    rig_serve(&a->service);
    return a;
}

/* The process dies: its connections are lost, its requests unanswered. */
static inline void rig_agent_die(struct rig_agent *a)
{
    for (unsigned i = 0; i < a->service.connection_count; i++)
        mux_close(a->service.connections[i]);
    for (unsigned i = 0; i < a->held_count; i++)
        request_reply(a->held[i], &(struct str){0});
    a->service.connection_count = a->held_count = a->busy = 0;
}

/* --- messages --- */

/* What the next messages have besides. */
static struct {
    const char *user, *filter, *redirect, *verp;
    long warn_time;
} rig_with;

/* "r0@DOMAIN r1@DOMAIN ...": so many recipients; %d in domain is replaced by the number. */
static inline void rig_image(struct str *out, int recipients, const char *domain, time_t created)
{
    struct str envelope = {0}, address = {0};
    enum { SIZE_PAYLOAD = 6 * 15 + 5 };

    str_clear(out);
    record_addf(&envelope, REC_TIME, "%ld 123456", (long) created);
    record_addf(&envelope, REC_ATTR, "create_time=%ld", (long) created);
    record_adds(&envelope, REC_SENDER, "sender@example.com");
    if (rig_with.verp != NULL)
        record_adds(&envelope, REC_VERP, rig_with.verp);
    if (rig_with.warn_time != 0)
        record_addf(&envelope, REC_WARN, "%15ld", rig_with.warn_time);
    for (int i = 0; i < recipients; i++) {
        str_setf(&address, "r%d@", i);
        if (rig_with.user != NULL)
            str_setf(&address, "%s@", rig_with.user);
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
        str_addf(&address, domain, i);
#pragma GCC diagnostic pop
        record_adds(&envelope, REC_ORIGINAL, str_text(&address));
        record_adds(&envelope, REC_RECIPIENT, str_text(&address));
    }
    record_add(&envelope, REC_MESSAGE, "", 0);
    size_t before = envelope.len;
    record_adds(&envelope, REC_LINE, "Subject: test");
    record_adds(&envelope, REC_LINE, "");
    size_t size = envelope.len - before;
    record_addf(out, REC_SIZE, "%15zu %15zu %15d %15d %15zu %15d", size, before + SIZE_PAYLOAD + 2, recipients, 0, size, 0);
    str_add(out, envelope.data, envelope.len);
    record_add(out, REC_EXTRACTED, "", 0);
    if (rig_with.filter != NULL)
        record_adds(out, REC_FILTER, rig_with.filter);
    if (rig_with.redirect != NULL)
        record_adds(out, REC_REDIRECT, rig_with.redirect);
    record_add(out, REC_END, "", 0);
    str_done(&envelope);
    str_done(&address);
}

static inline void rig_file(const char *queue, const char *id, int recipients, const char *domain)
{
    struct str image = {0};

    rig_image(&image, recipients, domain, time(NULL));
    int fd = queue_open(queue, id, O_CREAT | O_WRONLY, 0700);
    assert_true(fd >= 0 && write(fd, image.data, image.len) == (ssize_t) image.len);
    fchmod(fd, 0700);
    close(fd);
    str_done(&image);
}

/* --- running --- */

struct rig_waiting {
    bool (*is_done)(void *arg);
    void *arg;
    struct timer timer;
    msec deadline;
};

static inline void rig_poll(void *arg)
{
    struct rig_waiting *w = arg;

    if (w->is_done(w->arg) || clock_now() >= w->deadline)
        loop_stop();
    else
        timer_set(&w->timer, clock_after(2));
}

/* Run the loop until is_done(arg); fails after five seconds. */
static inline void rig_until(bool (*is_done)(void *arg), void *arg)
{
    struct rig_waiting w = {.is_done = is_done, .arg = arg};

    clock_tick();
    w.timer = (struct timer){.fire = rig_poll, .arg = &w};
    w.deadline = clock_after(5000);
    timer_set(&w.timer, clock_after(0));
    qmgr_turn_soon();
    loop_run();
    timer_stop(&w.timer);
    if (!is_done(arg))
        fail_msg("time is up; log:\n%s", str_text(&rig_log));
}

static inline bool rig_is_empty(void *arg)
{
    (void) arg;
    return qmgr_message_count() == 0;
}

struct rig_delay {
    msec until;
};

static inline bool rig_is_late(void *arg)
{
    return clock_now() >= ((struct rig_delay *) arg)->until;
}

static inline void rig_run_ms(msec delay)
{
    clock_tick();
    struct rig_delay d = {.until = clock_after(delay)};
    rig_until(rig_is_late, &d);
}

struct rig_held {
    const struct rig_agent *agent;
    unsigned count;
};

static inline bool rig_is_held(void *arg)
{
    const struct rig_held *h = arg;

    return h->agent->held_count >= h->count;
}

/* Until the agent holds so many requests. */
static inline void rig_until_held(const struct rig_agent *a, unsigned count)
{
    struct rig_held h = {.agent = a, .count = count};

    rig_until(rig_is_held, &h);
}

static inline bool rig_has(const struct str *text, const char *what)
{
    return strstr(str_text(text), what) != NULL;
}

static inline bool rig_exists(const char *queue, const char *id)
{
    struct str path = {0};

    bool is = access(queue_path(&path, queue, id), F_OK) == 0;
    str_done(&path);
    return is;
}

static struct rig_service rig_rewrite_service = {.path = "private/rewrite", .handler = {.request = rig_rewrite}};
static struct rig_service rig_bounce_service = {.path = "private/bounce", .handler = {.request = rig_bounce}};
static struct rig_service rig_defer_service = {.path = "private/defer", .handler = {.request = rig_bounce}};
static struct rig_service rig_trace_service = {.path = "private/trace", .handler = {.request = rig_bounce}};

static inline void rig_qmgr_closed(struct mux *m)
{
    rig_closed(m);
    qmgr_feed_closed(m);
    qmgr_request_lost();
}

static struct rig_service rig_qmgr_service = {.path = "public/qmgr",
    .handler = {.request = qmgr_request, .note = qmgr_feed_note, .closed = rig_qmgr_closed,
        .trigger = qmgr_request_trigger}};

static struct rig_agent *rig_retry; /* private/retry: defers, and keeps the reasons in its log */

static inline int rig_begin(void **state)
{
    static const char *const dirs[] = {"incoming", "active", "deferred", "hold", "corrupt", "bounce", "defer", "trace",
        "journal", "private", "public", "pid"};

    (void) state;
    if (mkdtemp(rig_dir) == NULL || chdir(rig_dir) < 0)
        return -1;
    for (size_t i = 0; i < ARRAY_SIZE(dirs); i++)
        if (mkdir(dirs[i], 0700) < 0)
            return -1;
#define PARAM(name, class, default_, min, max, used_by, text) RIG_DEFAULT_##class(name, default_)
#define RIG_DEFAULT_STR(name, value) conf.name = value == NULL ? "" : value;
#define RIG_DEFAULT_RAW(name, value) RIG_DEFAULT_STR(name, value)
#define RIG_DEFAULT_BOOL(name, value) conf.name = strcmp(value, "yes") == 0;
#define RIG_DEFAULT_NBOOL(name, value)
#define RIG_DEFAULT_INT(name, value) conf.name = atoi(value);
#define RIG_DEFAULT_NINT(name, value)
#define RIG_DEFAULT_LONG(name, value) conf.name = atol(value);
#define RIG_DEFAULT_TIME(name, value) config_parse_time(value, 's', &conf.name);
#include "config/params.def"
#undef PARAM
    conf.myhostname = "test.example";
    conf.recipient_delimiter = "";
    conf.queue_journal_segment_size = 1 << 20;
    log_add_sink(rig_sink, NULL);
    clock_tick();
    rig_serve(&rig_rewrite_service);
    rig_serve(&rig_bounce_service);
    rig_serve(&rig_defer_service);
    rig_serve(&rig_trace_service);
    rig_serve(&rig_qmgr_service);
    rig_retry = rig_agent("private/retry", 0);
    rig_retry->outcome = OUTCOME_DEFERRED;
    qmgr_intake_start();
    return 0;
}

/* After each test: messages are ordinary again. */
static inline int rig_plain(void **state)
{
    (void) state;
    memset(&rig_with, 0, sizeof(rig_with));
    return 0;
}

static inline int rig_end(void **state)
{
    struct str command = {0};

    (void) state;
    str_setf(&command, "rm -rf %s", rig_dir);
    int status = chdir("/") < 0 ? -1 : system(str_text(&command));
    str_done(&command);
    return status;
}

#endif
