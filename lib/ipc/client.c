#include "ipc/client.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/net.h"
#include "base/task.h"

enum { RETRY_MS = 1000, TRIGGER_TIMEOUT_MS = 10000 };

struct client {
    char *path;
    const struct mux_handler *wanted;
    struct mux_handler handler; /* wanted, with our closed() in front */
    void *context;
    struct mux *mux;
};

/* The context of a connection is its client; handlers get the one they were made with from client_context(). */
static void on_closed(struct mux *m)
{
    struct client *c = mux_context(m);

    if (c->mux == m)
        c->mux = NULL;
    if (c->wanted != NULL && c->wanted->closed != NULL)
        c->wanted->closed(m);
}

/* The service goes on in another process: ask there from now on. */
static void on_leaving(struct mux *m)
{
    struct client *c = mux_context(m);

    if (c->mux == m)
        c->mux = NULL;
    if (c->wanted != NULL && c->wanted->leaving != NULL)
        c->wanted->leaving(m);
}

struct client *client_new(const char *path, const struct mux_handler *handler, void *context)
{
    struct client *c = mem_zalloc(sizeof(*c));

    c->path = mem_strdup(path);
    c->wanted = handler;
    if (handler != NULL)
        c->handler = *handler;
    c->handler.closed = on_closed;
    c->handler.leaving = on_leaving;
    c->context = context;
    return c;
}

void *client_context(const struct mux *m)
{
    return ((struct client *) mux_context(m))->context;
}

void client_free(struct client *c)
{
    if (c == NULL)
        return;
    mux_close(c->mux);
    mem_free(c->path);
    mem_free(c);
}

struct mux *client_mux(struct client *c, msec deadline)
{
    if (c->mux != NULL)
        return c->mux;
    int fd = net_connect_unix(c->path, deadline);
    if (fd < 0)
        return NULL;
    if (c->mux != NULL) { /* another task was faster */
        io_close(fd);
        return c->mux;
    }
    return c->mux = mux_new_client(fd, &c->handler, c);
}

struct question {
    struct str *reply;
    struct cond answered;
    bool is_done, is_lost;
};

static void answered(void *arg, const char *reply, size_t n)
{
    struct question *q = arg;

    q->is_done = true;
    q->is_lost = reply == NULL;
    if (reply != NULL) {
        str_clear(q->reply);
        str_add(q->reply, reply, n);
    }
    cond_wake_all(&q->answered);
}

/* False: lost, or the deadline has passed. */
static bool ask_once(struct mux *m, const struct str *request, struct str *reply, msec deadline)
{
    struct question q = {.reply = reply};

    cond_init(&q.answered);
    struct call *call = call_start(m, request, answered, &q);
    call_end(call);
    while (!q.is_done && cond_wait(&q.answered, deadline) == WAKE_READY)
        continue;
    if (!q.is_done)
        call_cancel(call);
    return q.is_done && !q.is_lost;
}

bool client_ask_once(struct client *c, const struct str *request, struct str *reply, msec deadline)
{
    struct mux *m = client_mux(c, deadline);

    return m != NULL && ask_once(m, request, reply, deadline);
}

bool client_ask(struct client *c, const struct str *request, struct str *reply, msec deadline)
{
    while (!task_is_cancelled() && clock_now() < deadline) {
        struct mux *m = client_mux(c, deadline);
        if (m != NULL && ask_once(m, request, reply, deadline))
            return true;
        task_sleep(RETRY_MS);
    }
    return false;
}

struct question_async {
    struct client *client;
    struct str request;
    msec deadline;
    struct timer again;
    call_done *done;
    void *arg;
};

static void ask_async(void *arg);

static void answered_async(void *arg, const char *reply, size_t n)
{
    struct question_async *q = arg;

    if (reply == NULL && clock_now() < q->deadline) {
        q->again = (struct timer){.fire = ask_async, .arg = q};
        timer_set(&q->again, clock_after(RETRY_MS));
        return;
    }
    q->done(q->arg, reply, n);
    str_done(&q->request);
    mem_free(q);
}

static void ask_async(void *arg)
{
    struct question_async *q = arg;
    struct mux *m = client_mux(q->client, 0);

    if (m == NULL)
        answered_async(q, NULL, 0);
    else
        call_end(call_start(m, &q->request, answered_async, q));
}

void client_ask_async(struct client *c, const struct str *request, msec deadline, call_done *done, void *arg)
{
    struct question_async *q = mem_zalloc(sizeof(*q));

    *q = (struct question_async){.client = c, .deadline = deadline, .done = done, .arg = arg};
    str_add(&q->request, str_text(request), request->len);
    struct mux *m = client_mux(c, 0);
    if (m != NULL)
        call_end(call_start(m, &q->request, answered_async, q));
    else { /* done() never runs from within this call */
        q->again = (struct timer){.fire = ask_async, .arg = q};
        timer_set(&q->again, clock_after(RETRY_MS));
    }
}

bool client_trigger(const char *path, const char *letters)
{
    struct stat st;
    int fd;

    if (stat(path, &st) < 0)
        return false;
    if (S_ISFIFO(st.st_mode))
        fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
    else
        fd = net_connect_unix(path, clock_after(TRIGGER_TIMEOUT_MS));
    if (fd < 0)
        return false;
    bool ok = write(fd, letters, strlen(letters)) == (ssize_t) strlen(letters);
    io_close(fd);
    return ok;
}
