#include "services/proxymap/pool.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/list.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/task.h"
#include "config/config.h"
#include "ipc/attr_stream.h"
#include "services/proxymap/helper.h"
#include "table/dbms.h"
#include "table/together.h"

enum { HELPER_IDLE_MS = 60 * 1000, FORK_RETRY_MS = 1000 };

struct helper {
    struct list link, everybody; /* its pool's idle ones; all helpers */
    pid_t pid;
    struct stream stream;
    msec idle_at;
};

struct pool {
    char *server;
    struct list idle;          /* struct helper, the one that worked last in front */
    int helpers, wanted;       /* that there are; that are to be started */
    int busy;                  /* with a question */
    bool is_suspect;
    struct cond changed;
    struct together asked;
    struct timer idle_timer;
};

static struct hash pools;      /* server -> struct pool */
static struct list everybody = {&everybody, &everybody};
static void (*close_others)(void);

static void start_wanted(void *arg);
static struct turn_end starting = {.run = start_wanted};

/* --- helpers come and go --- */

static void run_helper(int fd)
{
    list_each(pos, &everybody)
        close(list_entry(pos, struct helper, everybody)->stream.fd);
    close_others();
    proxymap_helper_run(fd);
}

static void dismiss(struct pool *p, struct helper *h, bool is_stuck)
{
    if (is_stuck)
        kill(h->pid, SIGKILL);
    stream_done(&h->stream);
    list_remove(&h->everybody);
    mem_free(h);
    p->helpers--;
    cond_wake_all(&p->changed);
}

static void dismiss_idle(void *arg)
{
    struct pool *p = arg;

    while (!list_is_empty(&p->idle)) {
        struct helper *oldest = list_entry(p->idle.prev, struct helper, link);
        if (oldest->idle_at > clock_now()) {
            timer_set(&p->idle_timer, oldest->idle_at);
            return;
        }
        list_remove(&oldest->link);
        dismiss(p, oldest, false);
    }
}

static void rest(struct pool *p, struct helper *h)
{
    h->idle_at = clock_after(HELPER_IDLE_MS);
    list_prepend(&p->idle, &h->link);
    if (!timer_is_set(&p->idle_timer))
        timer_set(&p->idle_timer, h->idle_at);
    cond_wake_one(&p->changed);
}

static void start_helper(struct pool *p)
{
    int ends[2];
    pid_t pid = -1;

    log_flush(); /* or the copy has our lines, too */
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0 && (pid = fork()) < 0) {
        close(ends[0]);
        close(ends[1]);
    }
    if (pid < 0) {
        log_warn("start a process to ask %s: %s", p->server, strerror(errno));
        cond_wake_all(&p->changed);
        return;
    }
    if (pid == 0) {
        close(ends[0]);
        run_helper(ends[1]);
    }
    close(ends[1]);
    struct helper *h = mem_zalloc(sizeof(*h));
    h->pid = pid;
    stream_init(&h->stream, ends[0], NEVER);
    list_append(&everybody, &h->everybody);
    p->helpers++;
    rest(p, h);
}

/* On the loop's stack: the client libraries want a large one. */
static void start_wanted(void *arg)
{
    (void) arg;
    for (struct hash_entry *e = NULL; (e = hash_next(&pools, e)) != NULL;) {
        struct pool *p = e->value;
        for (; p->wanted > 0; p->wanted--)
            start_helper(p);
    }
}

static void helper_ended(pid_t pid, int status)
{
    (void) pid;
    (void) status; /* whoever waits for its answer reads the end, and tells */
}

/* --- questions --- */

static struct pool *pool_of(const char *server)
{
    struct hash_entry *slot = hash_slot(&pools, server, strlen(server));
    struct pool *p = slot->value;

    if (p == NULL) {
        p = slot->value = mem_zalloc(sizeof(*p));
        p->server = mem_strdup(server);
        list_init(&p->idle);
        cond_init(&p->changed);
        p->idle_timer = (struct timer){.fire = dismiss_idle, .arg = p};
    }
    return p;
}

/* NULL: none in time, or none for now. */
static struct helper *hire(struct pool *p, msec deadline)
{
    for (;;) {
        if (p->is_suspect && p->busy > 0)
            return NULL;
        struct helper *h = list_first(&p->idle, struct helper, link);
        if (h != NULL) {
            list_remove(&h->link);
            return h;
        }
        if (p->helpers + p->wanted < conf.proxymap_server_query_limit) {
            p->wanted++;
            loop_at_turn_end(&starting, TURN_SEND);
        }
        if (cond_wait(&p->changed, deadline) != WAKE_READY)
            return NULL;
        if (p->helpers + p->wanted == 0)
            task_sleep(FORK_RETRY_MS); /* it could not be started */
    }
}

static bool converse(struct helper *h, const struct str *request, struct str *reply, msec deadline)
{
    h->stream.deadline = deadline;
    stream_add(&h->stream, str_text(request), request->len);
    return attr_stream_read(&h->stream, reply, PROXY_REPLY_MAX);
}

static bool is_retry(const struct str *reply)
{
    struct attrs list;
    const char *cursor = str_text(reply);

    return attrs_parse(&cursor, cursor + reply->len, &list) && attrs_long(&list, "status", PROXY_RETRY) == PROXY_RETRY;
}

static void suspect(struct pool *p, bool on)
{
    if (on && !p->is_suspect)
        log_warn("%s: no answer in time; others who ask are told to try later", p->server);
    if (!on && p->is_suspect)
        log_info("%s: answers again", p->server);
    p->is_suspect = on;
    cond_wake_all(&p->changed);
}

static bool ask(void *context, const struct str *request, struct str *reply)
{
    struct pool *p = context;
    msec deadline = clock_after((msec) conf.proxymap_query_timeout * 1000);
    struct helper *h = hire(p, deadline);

    if (h == NULL)
        return false;
    msec began = clock_now();
    p->busy++;
    bool ok = converse(h, request, reply, deadline);
    p->busy--;
    bool is_late = clock_now() - began >= (msec) dbms_time_limit() * 1000;
    if (ok) {
        rest(p, h);
        suspect(p, is_late && is_retry(reply));
        return true;
    }
    if (h->stream.error == STREAM_EOF || h->stream.error == STREAM_IO)
        log_warn("the process that asked %s has ended", p->server);
    dismiss(p, h, true);
    suspect(p, p->is_suspect || is_late);
    return false;
}

enum proxy_status proxymap_pool_ask(const char *server, const char *table, const char *key, struct str *value)
{
    struct str request = {0}, reply = {0};
    struct attrs list;
    struct pool *p = pool_of(server);
    enum proxy_status status = PROXY_RETRY;

    attr_put(&request, "table", table);
    attr_put(&request, "key", key);
    attr_end(&request);
    if (together_ask(&p->asked, &request, &reply, ask, p)) {
        const char *cursor = str_text(&reply);
        if (attrs_parse(&cursor, cursor + reply.len, &list)) {
            status = (enum proxy_status) attrs_long(&list, "status", PROXY_RETRY);
            str_set(value, attrs_text(&list, "value", ""));
        }
    }
    str_done(&request);
    str_done(&reply);
    return status;
}

bool proxymap_pool_is_idle(void)
{
    for (struct hash_entry *e = NULL; (e = hash_next(&pools, e)) != NULL;)
        if (((struct pool *) e->value)->busy > 0)
            return false;
    return true;
}

void proxymap_pool_init(void (*close_those)(void))
{
    close_others = close_those;
    loop_on_child(helper_ended);
}
