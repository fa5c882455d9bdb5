#include "cmd/postsuper/settled.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/task.h"
#include "config/config.h"
#include "ipc/attr.h"
#include "ipc/client.h"
#include "queue/journal.h"

enum { TIMEOUT_MS = 100 * 1000 };

/* The ids that were in the journal when the first was asked for; what comes later is not meant. */
static struct hash in_journal;
static bool has_looked;

static void remember(void *arg, const char *queue_id, const struct location *where)
{
    (void) where;
    hash_put(&in_journal, queue_id, arg);
}

static void look(void)
{
    if (!has_looked)
        journal_scan(remember, &in_journal);
    has_looked = true;
}

/* --- qmgr --- */

struct question {
    const char *queue_id; /* NULL: is it there? */
    bool is_there, is_done;
};

static void ask(void *arg)
{
    struct question *q = arg;
    char *path = mem_printf("public/%s", conf.queue_service_name);
    struct client *qmgr = client_new(path, NULL, NULL);
    struct str request = {0}, reply = {0};
    struct attrs list;

    q->is_there = client_mux(qmgr, clock_after(conf.trigger_timeout * 1000)) != NULL;
    if (q->is_there && q->queue_id != NULL) {
        attr_put(&request, "request", "settle");
        attr_put(&request, "queue_id", q->queue_id);
        attr_end(&request);
        q->is_done = client_ask(qmgr, &request, &reply, clock_after(TIMEOUT_MS));
        const char *bytes = str_text(&reply);
        q->is_done =
            q->is_done && attrs_parse(&bytes, bytes + reply.len, &list) && attrs_long(&list, "status", -1) == 0;
    }
    client_free(qmgr);
    str_done(&request);
    str_done(&reply);
    mem_free(path);
    loop_stop();
}

static void put_question(struct question *q)
{
    task_start(ask, q);
    loop_run();
}

static void settle_here(void)
{
    struct str why = {0};

    if (journal_settle(-1, &why) < 0)
        fatal("journal: %s", str_text(&why));
    str_done(&why);
}

static void settle(const char *queue_id)
{
    struct question q = {.queue_id = queue_id};

    put_question(&q);
    if (!q.is_there)
        settle_here();
    else if (!q.is_done)
        log_warn("%s: the queue manager cannot settle it now", queue_id);
}

/* What is in the journal is listed as active, and comes to be there or in incoming. */
static bool is_meant(const char *const *queues)
{
    for (; *queues != NULL; queues++)
        if (strcmp(*queues, "active") == 0 || strcmp(*queues, "incoming") == 0)
            return true;
    return false;
}

void postsuper_settled_one(const char *id, const char *const *queues)
{
    if (!is_meant(queues))
        return;
    look();
    if (hash_remove(&in_journal, id) != NULL)
        settle(id);
}

void postsuper_settled_all(const char *const *queues)
{
    if (!is_meant(queues))
        return;
    look();
    if (in_journal.count == 0)
        return;
    settle("ALL");
    hash_done(&in_journal, NULL);
}

void postsuper_settled_left_over(void)
{
    struct question q = {0};

    put_question(&q);
    if (!q.is_there)
        settle_here();
}
