#include "mail/cleanup_worker.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/task.h"
#include "config/config.h"
#include "ipc/attr.h"
#include "ipc/client.h"

enum {
    MAX_WORKERS = 16,
    RETRY_MS = 1000, /* the listening socket is shared: which worker takes a connection is chance */
};

static struct cleanup_worker workers[MAX_WORKERS];
static int wanted = 1; /* as the last greeting said */
static struct cond greeted;
static msec next_attempt;

static bool is_known(long pid, const struct cleanup_worker *but)
{
    for (int i = 0; i < MAX_WORKERS; i++)
        if (&workers[i] != but && workers[i].mux != NULL && workers[i].pid == pid)
            return true;
    return false;
}

static void on_hello(struct mux *m, const char *bytes, size_t n)
{
    struct cleanup_worker *w = client_context(m);
    const char *cursor = bytes;
    struct attrs list;

    if (!attrs_parse(&cursor, bytes + n, &list)) {
        log_warn("%s service: malformed greeting", conf.cleanup_service_name);
        return;
    }
    w->pid = attrs_long(&list, "pid", 0);
    wanted = (int) attrs_long(&list, "workers", 1);
    if (wanted > MAX_WORKERS)
        wanted = MAX_WORKERS;
    if (is_known(w->pid, w)) {
        mux_close(m);
        return;
    }
    w->id_slot = (unsigned) attrs_long(&list, "id_slot", 0);
    w->stores_files = strcmp(attrs_text(&list, "store", "journal"), "file") == 0;
    w->mux = m;
    cond_wake_all(&greeted);
}

/* It takes no more messages. */
static void on_gone(struct mux *m)
{
    struct cleanup_worker *w = client_context(m);

    if (w->mux == m)
        w->mux = NULL;
    cond_wake_all(&greeted);
}

static const struct mux_handler handler = {.hello = on_hello, .closed = on_gone, .leaving = on_gone};

static void init(void)
{
    char *path = mem_printf("public/%s", conf.cleanup_service_name);

    for (int i = 0; i < MAX_WORKERS; i++)
        workers[i].client = client_new(path, &handler, &workers[i]);
    cond_init(&greeted);
    mem_free(path);
}

static struct cleanup_worker *least_loaded(void)
{
    struct cleanup_worker *best = NULL;

    for (int i = 0; i < MAX_WORKERS; i++)
        if (workers[i].mux != NULL && (best == NULL || workers[i].message_count < best->message_count))
            best = &workers[i];
    return best;
}

/* One more connection, if there are workers that we have none to. It is used when it is greeted. */
static void connect_another(void)
{
    int have = 0;
    struct cleanup_worker *unused = NULL;

    if (clock_now() < next_attempt)
        return;
    for (int i = 0; i < MAX_WORKERS; i++)
        if (workers[i].mux != NULL)
            have++;
        else if (unused == NULL)
            unused = &workers[i];
    if (have >= wanted || unused == NULL)
        return;
    next_attempt = clock_after(RETRY_MS);
    client_mux(unused->client, clock_after(RETRY_MS));
}

struct cleanup_worker *cleanup_worker_get(msec deadline)
{
    struct cleanup_worker *w;

    if (workers[0].client == NULL)
        init();
    if (wanted > 1)
        connect_another();
    while ((w = least_loaded()) == NULL) {
        if (client_mux(workers[0].client, deadline) == NULL)
            return NULL;
        if (least_loaded() == NULL && cond_wait(&greeted, deadline) != WAKE_READY)
            return NULL;
    }
    return w;
}
