/* call.c: the client's side of a connection: calls, their data, what comes back. */
#include <string.h>

#include "base/mem.h"
#include "base/task.h"
#include "ipc/mux_internal.h"

enum { DATA_FRAME = 64 * 1024 };

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

struct call *call_start(struct mux *m, const struct str *head, call_done *done, void *arg)
{
    struct call *c = mem_zalloc(sizeof(*c));

    c->mux = m;
    c->number = ++m->last_number;
    c->done = done;
    c->arg = arg;
    c->window = MUX_WINDOW;
    cond_init(&c->credit);
    m->references++;
    hash_putn(&m->requests, (const char *) &c->number, sizeof(c->number), c);
    mux_put(m, OPEN, c->number, str_text(head), head->len);
    return c;
}

static void close_if_left(struct mux *m)
{
    if (m->is_leaving && !m->is_server && m->requests.count == 0)
        mux_close(m);
}

/* Out of the table; freed when no task is inside call_data(). The caller holds a reference of the mux. */
static void forget_call(struct call *c)
{
    hash_removen(&c->mux->requests, (const char *) &c->number, sizeof(c->number));
    c->is_lost = true;
    if (c->waiters > 0) {
        cond_wake_all(&c->credit);
        return;
    }
    mux_release(c->mux);
    mem_free(c);
}

/* The call is gone before its owner is told, who may then close the connection, or ask again. */
static void end_call(struct call *c, const char *reply, size_t n)
{
    call_done *done = c->done;
    void *arg = c->arg;

    forget_call(c);
    done(arg, reply, n);
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
                mux_release(c->mux);
                mem_free(c);
            }
            return false;
        }
        if (c->window == 0)
            return false;
        size_t part = n < c->window ? n : c->window;
        part = part < DATA_FRAME ? part : DATA_FRAME;
        mux_put(c->mux, DATA, c->number, bytes, part);
        c->window -= part;
        bytes += part;
        n -= part;
    }
    return true;
}

void call_end(struct call *c)
{
    mux_put(c->mux, END, c->number, "", 0);
}

void call_cancel(struct call *c)
{
    if (c == NULL)
        return;
    struct mux *m = c->mux;
    mux_put(m, CANCEL, c->number, "", 0);
    m->references++;
    forget_call(c);
    close_if_left(m);
    mux_release(m);
}

void call_take_frame(struct mux *m, const struct frame *f, const char *bytes)
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
            end_call(c, bytes, f->length);
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

void call_lose_all(struct mux *m)
{
    struct hash_entry *e;

    while ((e = hash_next(&m->requests, NULL)) != NULL)
        end_call(e->value, NULL, 0);
}
