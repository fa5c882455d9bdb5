#include "qmgr/request.h"

#include <string.h>

#include "base/list.h"
#include "base/mem.h"
#include "ipc/attr.h"
#include "qmgr/feed.h"
#include "qmgr/intake.h"
#include "qmgr/message.h"
#include "qmgr/store.h"
#include "qmgr/transport.h"
#include "qmgr/turn.h"

struct pending {
    struct list link;
    struct request *request;
    msec since;          /* settle ALL: what was announced until then */
    char queue_id[];
};

static struct list settling = {&settling, &settling};
static struct list staying = {&staying, &staying};

static void keep(struct list *on, struct request *r, const char *queue_id)
{
    size_t size = strlen(queue_id) + 1;
    struct pending *p = mem_alloc(sizeof(*p) + size);

    p->request = r;
    p->since = clock_now();
    memcpy(p->queue_id, queue_id, size);
    list_append(on, &p->link);
}

static void answer(struct request *r, long status)
{
    struct str reply = {0};

    attr_put_long(&reply, "status", status);
    attr_end(&reply);
    request_reply(r, &reply);
    str_done(&reply);
}

static void answer_pending(struct pending *p)
{
    list_remove(&p->link);
    answer(p->request, 0);
    mem_free(p);
}

static void settle(struct request *r, const char *queue_id)
{
    struct message *m;

    keep(&settling, r, queue_id);
    if (strcmp(queue_id, "ALL") == 0)
        qmgr_feed_settle(clock_now());
    else if ((m = qmgr_message_find(queue_id)) != NULL)
        qmgr_store_settle(m, NULL);
    qmgr_turn_soon();
}

void qmgr_request(struct request *r)
{
    struct attrs list;
    size_t n;
    const char *bytes = request_head(r, &n);

    if (!attrs_parse(&bytes, bytes + n, &list)) {
        answer(r, -1);
        return;
    }
    const char *what = attrs_text(&list, "request", "");
    if (strcmp(what, "settle") == 0)
        settle(r, attrs_text(&list, "queue_id", "ALL"));
    else if (strcmp(what, "stay") == 0)
        keep(&staying, r, "");
    else
        answer(r, -1);
}

/* Is it not in a journal any more? More may be settled now than when it was asked for. */
static bool is_settled(const struct pending *p)
{
    if (strcmp(p->queue_id, "ALL") == 0) {
        qmgr_feed_settle(p->since);
        return !qmgr_feed_has_older(p->since);
    }
    const struct message *m = qmgr_message_find(p->queue_id);
    return m == NULL || m->feed == NULL;
}

static void forget_cancelled(struct list *on)
{
    list_each_safe(pos, after, on) {
        struct pending *p = list_entry(pos, struct pending, link);
        if (request_is_cancelled(p->request))
            answer_pending(p);
    }
}

void qmgr_request_check(void)
{
    list_each_safe(pos, after, &settling) {
        struct pending *p = list_entry(pos, struct pending, link);
        if (request_is_cancelled(p->request) || is_settled(p))
            answer_pending(p);
    }
}

void qmgr_request_release_all(void)
{
    struct pending *p;

    while ((p = list_first(&staying, struct pending, link)) != NULL)
        answer_pending(p);
}

void qmgr_request_lost(void)
{
    forget_cancelled(&staying);
    forget_cancelled(&settling);
}

static bool has(const char *letters, size_t n, char letter)
{
    return memchr(letters, letter, n) != NULL;
}

void qmgr_request_trigger(const char *letters, size_t n)
{
    static bool ignores_time; /* A: for the next D */

    if (has(letters, n, 'A'))
        ignores_time = true;
    if (has(letters, n, 'F'))
        qmgr_transport_resume_all();
    if (has(letters, n, 'D') && ignores_time) {
        ignores_time = false;
        qmgr_intake_flush();
    } else if (has(letters, n, 'D'))
        qmgr_intake_scan(INTAKE_DEFERRED);
    if (has(letters, n, 'I') || has(letters, n, 'W'))
        qmgr_intake_scan(INTAKE_INCOMING);
}
