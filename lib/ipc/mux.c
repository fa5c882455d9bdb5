#include "ipc/mux.h"

#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/io.h"
#include "base/list.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/task.h"

static const char preamble[] = {0, 'P', 'R', 1};

enum frame_kind { HELLO, OPEN, DATA, END, CANCEL, REPLY, CREDIT, NOTE, LEAVE, KINDS };

struct frame {
    uint32_t length; /* of the payload */
    uint32_t number; /* of the request */
    uint32_t kind;
};

enum {
    READ_BYTES = 256 * 1024,
    MAX_FRAME = 64 * 1024 * 1024,
    WINDOW = 256 * 1024,        /* data that a request may have under way */
    DATA_FRAME = 64 * 1024,
};

struct mux {
    int fd;
    bool is_server, is_preamble_seen, is_closed, is_sending, is_leaving;
    const struct mux_handler *handler;
    void *context;
    struct watch *watch;
    struct turn_end flush;
    struct str in, out;
    struct hash requests;       /* server: by number; client: calls by number */
    struct list waiting;        /* server: requests that wait for max_requests */
    unsigned running;           /* server: requests in tasks */
    uint32_t last_number;       /* client */
    unsigned references;        /* functions of this file that are using it, requests not replied to */
};

struct request {
    struct mux *mux;
    uint32_t number;
    struct list link;           /* on mux->waiting */
    struct str head, data;
    size_t read_bytes;          /* since the last credit */
    bool is_ended, is_cancelled;
    struct cond changed;
};

struct call {
    struct mux *mux;
    uint32_t number;
    call_done *done;
    void *arg;
    size_t window;
    bool is_lost;
    unsigned waiters;           /* tasks inside call_data() */
    struct cond credit;
};

static void release(struct mux *m)
{
    if (--m->references > 0)
        return;
    str_done(&m->in);
    str_done(&m->out);
    hash_done(&m->requests, NULL);
    mem_free(m);
}

void *mux_context(const struct mux *m)
{
    return m->context;
}

size_t mux_unsent(const struct mux *m)
{
    return m->out.len;
}

unsigned mux_request_count(const struct mux *m)
{
    return (unsigned) m->requests.count;
}

/* --- sending --- */

/* Runs in a task when the socket was full. */
static void send_rest(void *arg)
{
    struct mux *m = arg;

    while (!m->is_closed && m->out.len > 0) {
        ssize_t n = send(m->fd, m->out.data, m->out.len, MSG_NOSIGNAL);
        if (n > 0)
            str_drop(&m->out, (size_t) n);
        else if (n < 0 && errno != EAGAIN && errno != EINTR)
            break; /* the reader will see the end */
        else if (io_wait(m->fd, IO_WRITE, NEVER) != IO_READY)
            break;
    }
    m->is_sending = false;
    release(m);
}

static void flush(void *arg)
{
    struct mux *m = arg;

    if (m->is_closed || m->is_sending || m->out.len == 0)
        return;
    ssize_t n = send(m->fd, m->out.data, m->out.len, MSG_NOSIGNAL);
    if (n == (ssize_t) m->out.len) {
        str_clear(&m->out);
        if (m->out.room > READ_BYTES)
            str_done(&m->out);
        return;
    }
    if (n < 0 && errno != EAGAIN && errno != EINTR)
        return;
    if (n > 0)
        str_drop(&m->out, (size_t) n);
    m->is_sending = true;
    m->references++;
    task_start(send_rest, m);
}

static void put(struct mux *m, enum frame_kind kind, uint32_t number, const char *bytes, size_t n)
{
    struct frame f = {.length = (uint32_t) n, .number = number, .kind = kind};

    if (m->is_closed)
        return;
    str_add(&m->out, (const char *) &f, sizeof(f));
    str_add(&m->out, bytes, n);
    loop_at_turn_end(&m->flush, TURN_SEND);
}

void mux_leave(struct mux *m)
{
    put(m, LEAVE, 0, "", 0);
}

bool mux_is_leaving(const struct mux *m)
{
    return m->is_leaving;
}

void mux_hello(struct mux *m, const struct str *payload)
{
    put(m, HELLO, 0, str_text(payload), payload->len);
}

void mux_note(struct mux *m, const struct str *payload)
{
    put(m, NOTE, 0, str_text(payload), payload->len);
}

/* --- server --- */

static void run_request(void *arg)
{
    struct request *r = arg;
    struct mux *m = r->mux;

    m->references++;
    m->running++;
    m->handler->request(r);
    m->running--;
    struct request *next = list_first(&m->waiting, struct request, link);
    if (next != NULL) {
        list_remove(&next->link);
        task_start(run_request, next);
    }
    release(m);
}

static void begin_request(struct mux *m, uint32_t number, const char *bytes, size_t n)
{
    struct request *r = mem_zalloc(sizeof(*r));

    r->mux = m;
    r->number = number;
    m->references++;
    list_init(&r->link);
    cond_init(&r->changed);
    str_add(&r->head, bytes, n);
    hash_putn(&m->requests, (const char *) &number, sizeof(number), r);
    if (!m->handler->in_task)
        m->handler->request(r);
    else if (m->handler->max_requests > 0 && m->requests.count > m->handler->max_requests)
        list_append(&m->waiting, &r->link);
    else
        task_start(run_request, r);
}

const char *request_head(const struct request *r, size_t *n)
{
    *n = r->head.len;
    return str_text(&r->head);
}

struct mux *request_mux(const struct request *r)
{
    return r->mux;
}

bool request_is_cancelled(const struct request *r)
{
    return r->is_cancelled;
}

bool request_read(struct request *r, struct str *data)
{
    str_clear(data);
    while (r->data.len == 0 && !r->is_ended && !r->is_cancelled)
        cond_wait(&r->changed, NEVER);
    if (r->is_cancelled || r->data.len == 0)
        return false;
    struct str swap = *data;
    *data = r->data;
    r->data = swap;
    r->read_bytes += data->len;
    if (!r->is_ended && r->read_bytes >= WINDOW / 4) {
        uint32_t credit = (uint32_t) r->read_bytes;
        put(r->mux, CREDIT, r->number, (const char *) &credit, sizeof(credit));
        r->read_bytes = 0;
    }
    return true;
}

void request_reply(struct request *r, const struct str *payload)
{
    struct mux *m = r->mux;

    if (!r->is_cancelled) {
        put(m, REPLY, r->number, str_text(payload), payload->len);
        hash_removen(&m->requests, (const char *) &r->number, sizeof(r->number));
    }
    str_done(&r->head);
    str_done(&r->data);
    mem_free(r);
    release(m);
}

/* The client does not want it any more: from now on the request is not in the table. */
static void cancel_request(struct request *r)
{
    hash_removen(&r->mux->requests, (const char *) &r->number, sizeof(r->number));
    r->is_cancelled = true;
    cond_wake_all(&r->changed);
}

static void handle_at_server(struct mux *m, const struct frame *f, const char *bytes)
{
    struct request *r = hash_getn(&m->requests, (const char *) &f->number, sizeof(f->number));

    switch ((enum frame_kind) f->kind) {
    case OPEN:
        if (r == NULL && m->handler->request != NULL)
            begin_request(m, f->number, bytes, f->length);
        return;
    case DATA:
        if (r != NULL) {
            str_add(&r->data, bytes, f->length);
            cond_wake_all(&r->changed);
        }
        return;
    case END:
        if (r != NULL) {
            r->is_ended = true;
            cond_wake_all(&r->changed);
        }
        return;
    case CANCEL:
        if (r != NULL)
            cancel_request(r);
        return;
    case NOTE:
        if (m->handler->note != NULL)
            m->handler->note(m, bytes, f->length);
        return;
    case HELLO:
    case REPLY:
    case CREDIT:
    case LEAVE:
    case KINDS:
        return;
    }
}

/* --- client --- */

struct call *call_start(struct mux *m, const struct str *head, call_done *done, void *arg)
{
    struct call *c = mem_zalloc(sizeof(*c));

    c->mux = m;
    c->number = ++m->last_number;
    c->done = done;
    c->arg = arg;
    c->window = WINDOW;
    cond_init(&c->credit);
    m->references++;
    hash_putn(&m->requests, (const char *) &c->number, sizeof(c->number), c);
    put(m, OPEN, c->number, str_text(head), head->len);
    return c;
}

static void close_if_left(struct mux *m)
{
    if (m->is_leaving && !m->is_server && m->requests.count == 0)
        mux_close(m);
}

/* Out of the table; freed when no task is inside call_data(). */
static void forget_call(struct call *c)
{
    hash_removen(&c->mux->requests, (const char *) &c->number, sizeof(c->number));
    c->is_lost = true;
    if (c->waiters > 0) {
        cond_wake_all(&c->credit);
        return;
    }
    release(c->mux);
    mem_free(c);
}

bool call_data(struct call *c, const char *bytes, size_t n)
{
    while (n > 0) {
        c->waiters++;
        while (c->window == 0 && !c->is_lost && !task_is_cancelled())
            cond_wait(&c->credit, NEVER);
        c->waiters--;
        if (c->is_lost) {
            if (c->waiters == 0) {
                release(c->mux);
                mem_free(c);
            }
            return false;
        }
        if (c->window == 0)
            return false;
        size_t part = n < c->window ? n : c->window;
        part = part < DATA_FRAME ? part : DATA_FRAME;
        put(c->mux, DATA, c->number, bytes, part);
        c->window -= part;
        bytes += part;
        n -= part;
    }
    return true;
}

void call_end(struct call *c)
{
    put(c->mux, END, c->number, "", 0);
}

void call_cancel(struct call *c)
{
    if (c == NULL)
        return;
    struct mux *m = c->mux;
    put(m, CANCEL, c->number, "", 0);
    m->references++;
    forget_call(c);
    close_if_left(m);
    release(m);
}

static void handle_at_client(struct mux *m, const struct frame *f, const char *bytes)
{
    struct call *c = hash_getn(&m->requests, (const char *) &f->number, sizeof(f->number));
    uint32_t credit;

    switch ((enum frame_kind) f->kind) {
    case HELLO:
        if (m->handler->hello != NULL)
            m->handler->hello(m, bytes, f->length);
        return;
    case REPLY:
        if (c != NULL) {
            c->done(c->arg, bytes, f->length);
            forget_call(c);
            close_if_left(m);
        }
        return;
    case CREDIT:
        if (c != NULL && f->length == sizeof(credit)) {
            memcpy(&credit, bytes, sizeof(credit));
            c->window += credit;
            cond_wake_all(&c->credit);
        }
        return;
    case NOTE:
        if (m->handler->note != NULL)
            m->handler->note(m, bytes, f->length);
        return;
    case LEAVE:
        m->is_leaving = true;
        if (m->handler->leaving != NULL)
            m->handler->leaving(m);
        close_if_left(m);
        return;
    case OPEN:
    case DATA:
    case END:
    case CANCEL:
    case KINDS:
        return;
    }
}

/* --- receiving --- */

static void end_requests(struct mux *m)
{
    struct hash_entry *e;

    while ((e = hash_next(&m->requests, NULL)) != NULL) {
        if (!m->is_server) {
            struct call *c = e->value;
            c->done(c->arg, NULL, 0);
            forget_call(c);
            continue;
        }
        struct request *r = e->value;
        cancel_request(r);
        if (list_is_linked(&r->link)) { /* nobody has begun it */
            list_remove(&r->link);
            request_reply(r, &(struct str){0});
        }
    }
}

static void release_after_turn(void *arg)
{
    release(arg);
}

void mux_close(struct mux *m)
{
    if (m == NULL || m->is_closed)
        return;
    flush(m);
    m->is_closed = true;
    loop_unwatch(m->watch);
    m->watch = NULL;
    m->references++;
    end_requests(m);
    if (m->handler->closed != NULL)
        m->handler->closed(m);
    io_close(m->fd);
    if (m->flush.is_due) { /* the loop still holds it until the end of the turn */
        m->references++;
        m->flush.run = release_after_turn;
    }
    release(m);
    release(m);
}

static bool is_preamble_good(struct mux *m)
{
    if (m->is_preamble_seen)
        return true;
    if (m->in.data[0] != 0) {
        if (m->handler->trigger != NULL)
            m->handler->trigger(m->in.data, m->in.len);
        str_clear(&m->in);
        return false;
    }
    if (m->in.len < sizeof(preamble))
        return false;
    if (memcmp(m->in.data, preamble, sizeof(preamble)) != 0) {
        log_warn("connection with an unknown protocol version: dropped");
        mux_close(m);
        return false;
    }
    m->is_preamble_seen = true;
    str_drop(&m->in, sizeof(preamble));
    if (m->handler->opened != NULL)
        m->handler->opened(m);
    return true;
}

static void handle_frames(struct mux *m)
{
    size_t next = 0;
    struct frame f;

    while (!m->is_closed && m->in.len - next >= sizeof(f)) {
        memcpy(&f, m->in.data + next, sizeof(f));
        if (f.length > MAX_FRAME || f.kind >= KINDS) {
            log_warn("connection with a malformed frame: dropped");
            mux_close(m);
            return;
        }
        if (m->in.len - next - sizeof(f) < f.length)
            break;
        const char *bytes = m->in.data + next + sizeof(f);
        next += sizeof(f) + f.length;
        if (m->is_server)
            handle_at_server(m, &f, bytes);
        else
            handle_at_client(m, &f, bytes);
    }
    str_drop(&m->in, next);
}

static void readable(void *arg)
{
    struct mux *m = arg;

    str_reserve(&m->in, READ_BYTES);
    ssize_t n = recv(m->fd, m->in.data + m->in.len, READ_BYTES, 0);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    m->references++;
    if (n > 0) {
        str_grow(&m->in, (size_t) n);
        if (is_preamble_good(m))
            handle_frames(m);
    } else
        mux_close(m);
    release(m);
}

static struct mux *make(int fd, const struct mux_handler *handler, void *context, bool is_server)
{
    struct mux *m = mem_zalloc(sizeof(*m));
    int buffer = 1024 * 1024;

    io_own(fd);
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer));
    m->fd = fd;
    m->handler = handler;
    m->context = context;
    m->is_server = is_server;
    m->references = 1;
    m->flush = (struct turn_end){.run = flush, .arg = m};
    list_init(&m->waiting);
    m->watch = loop_watch_readable(fd, readable, m);
    return m;
}

struct mux *mux_new_server(int fd, const struct mux_handler *handler, void *context)
{
    return make(fd, handler, context, true);
}

struct mux *mux_new_client(int fd, const struct mux_handler *handler, void *context)
{
    struct mux *m = make(fd, handler, context, false);

    m->is_preamble_seen = true;
    str_add(&m->out, preamble, sizeof(preamble));
    loop_at_turn_end(&m->flush, TURN_SEND);
    return m;
}
