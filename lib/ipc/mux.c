/* mux.c: frames in and out. What they mean to a server is in request.c, to a client in call.c. */
#include <errno.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/task.h"
#include "ipc/mux_internal.h"

static const char preamble[] = {0, 'P', 'R', 1};

enum { READ_BYTES = 256 * 1024, MAX_FRAME = 64 * 1024 * 1024 };

void mux_release(struct mux *m)
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
    mux_release(m);
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

void mux_put(struct mux *m, enum frame_kind kind, uint32_t number, const char *bytes, size_t n)
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
    mux_put(m, LEAVE, 0, "", 0);
}

bool mux_is_leaving(const struct mux *m)
{
    return m->is_leaving;
}

void mux_hello(struct mux *m, const struct str *payload)
{
    mux_put(m, HELLO, 0, str_text(payload), payload->len);
}

void mux_note(struct mux *m, const struct str *payload)
{
    mux_put(m, NOTE, 0, str_text(payload), payload->len);
}

/* --- receiving --- */

static void release_after_turn(void *arg)
{
    mux_release(arg);
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
    if (m->is_server)
        request_cancel_all(m);
    else
        call_lose_all(m);
    if (m->handler->closed != NULL)
        m->handler->closed(m);
    io_close(m->fd);
    if (m->flush.is_due) { /* the loop still holds it until the end of the turn */
        m->references++;
        m->flush.run = release_after_turn;
    }
    mux_release(m);
    mux_release(m);
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
            request_take_frame(m, &f, bytes);
        else
            call_take_frame(m, &f, bytes);
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
    mux_release(m);
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
