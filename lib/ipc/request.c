/* request.c: the server's side of a connection: requests, their data, their replies. */
#include <string.h>

#include "base/mem.h"
#include "base/task.h"
#include "ipc/mux_internal.h"

struct request {
    struct mux *mux;
    uint32_t number;
    struct list link;           /* on mux->waiting */
    struct str head, data;
    size_t read_bytes;          /* since the last credit */
    bool is_ended, is_cancelled;
    struct cond changed;
};

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
    mux_release(m);
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
    if (!r->is_ended && r->read_bytes >= MUX_WINDOW / 4) {
        uint32_t credit = (uint32_t) r->read_bytes;
        mux_put(r->mux, CREDIT, r->number, (const char *) &credit, sizeof(credit));
        r->read_bytes = 0;
    }
    return true;
}

void request_reply(struct request *r, const struct str *payload)
{
    struct mux *m = r->mux;

    if (!r->is_cancelled) {
        mux_put(m, REPLY, r->number, str_text(payload), payload->len);
        hash_removen(&m->requests, (const char *) &r->number, sizeof(r->number));
    }
    str_done(&r->head);
    str_done(&r->data);
    mem_free(r);
    mux_release(m);
}

/* The client does not want it any more: from now on the request is not in the table. */
static void cancel_request(struct request *r)
{
    hash_removen(&r->mux->requests, (const char *) &r->number, sizeof(r->number));
    r->is_cancelled = true;
    cond_wake_all(&r->changed);
}

void request_take_frame(struct mux *m, const struct frame *f, const char *bytes)
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

void request_cancel_all(struct mux *m)
{
    struct hash_entry *e;

    while ((e = hash_next(&m->requests, NULL)) != NULL) {
        struct request *r = e->value;
        cancel_request(r);
        if (list_is_linked(&r->link)) { /* nobody has begun it */
            list_remove(&r->link);
            request_reply(r, &(struct str){0});
        }
    }
}
