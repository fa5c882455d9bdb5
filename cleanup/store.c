#include "cleanup/store.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/task.h"
#include "config/config.h"
#include "daemon/daemon.h"
#include "ipc/attr.h"
#include "ipc/client.h"
#include "mail/cleanup_client.h"
#include "mail/qmgr_notes.h"
#include "queue/dirs.h"
#include "queue/journal.h"
#include "queue/qid.h"
#include "queue/space.h"

enum {
    RECONNECT_MS = 1000,
    MAX_UNSENT = 4 * 1024 * 1024,  /* notes that qmgr has not read: above, new mail waits (in_flow_delay) */
    ID_SLOTS = 16,                 /* clients of one writer that make queue ids at the same time */
    MAX_WRITERS = 4096 / ID_SLOTS, /* whose clients can: see qid_make() */
    FILE_MODE_COMPLETE = 0700,
};

static struct journal *journal;    /* NULL: queue_store = file */
static struct client *qmgr;
static struct timer reconnect;
static bool has_announced;         /* the present connection knows who we are and what is live */
static bool is_qmgr_leaving;       /* its last marks are still to come: only then ask the next one */
static bool is_slot_taken[ID_SLOTS];

/* A file made for a client that has not sent its message yet. */
struct reserved {
    struct mux *owner;
    char queue_id[QID_SIZE];
};
static struct hash reserved_files; /* struct reserved, by queue id */

/* --- qmgr --- */

static void put_note(struct mux *m, enum qmgr_note_type type, uint64_t seq, const char *queue_id,
    const struct location *where)
{
    struct qmgr_note note = {.type = type, .seq = seq, .queue_id = queue_id};
    struct str text = {0};

    if (where != NULL)
        note.where = *where;
    else
        note.slot = journal_slot(journal);
    qmgr_notes_put(&text, &note);
    mux_note(m, &text);
    str_done(&text);
}

static void announce_live(void *arg, uint64_t seq, const char *queue_id, const struct location *where)
{
    put_note(arg, QMGR_NOTE_LIVE, seq, queue_id, where);
}

static void stay_ended(void *arg, const char *reply, size_t n)
{
    (void) arg;
    (void) reply;
    (void) n;
}

/* A call that qmgr answers when it has sent its last marks; until then the connection lives. */
static void stay_connected(struct mux *m)
{
    struct str request = {0};

    attr_put(&request, "request", "stay");
    attr_end(&request);
    call_end(call_start(m, &request, stay_ended, NULL));
    str_done(&request);
}

/* The connection to qmgr; a new one has been told everything. NULL: not now. */
static struct mux *connected(void)
{
    struct mux *m = is_qmgr_leaving ? NULL : client_mux(qmgr, 0);

    if (m == NULL) {
        timer_set(&reconnect, clock_after(RECONNECT_MS));
        return NULL;
    }
    if (!has_announced && journal != NULL) {
        put_note(m, QMGR_NOTE_WRITER, 0, NULL, NULL);
        journal_each_live(journal, announce_live, m);
        stay_connected(m);
    }
    has_announced = true;
    return m;
}

static void try_again(void *arg)
{
    (void) arg;
    connected();
}

static void on_qmgr_leaving(struct mux *m)
{
    (void) m;
    is_qmgr_leaving = true;
}

static void on_qmgr_gone(struct mux *m)
{
    (void) m;
    is_qmgr_leaving = has_announced = false;
    timer_set(&reconnect, clock_after(RECONNECT_MS));
}

static void on_marks(struct mux *m, const char *bytes, size_t n)
{
    const char *cursor = bytes;
    struct qmgr_mark mark;

    (void) m;
    while (qmgr_notes_next_mark(&cursor, bytes + n, &mark)) {
        if (mark.kind == QMGR_MARK_DONE)
            journal_mark_done(journal, mark.seq);
        else
            journal_mark_recipient(journal, mark.seq, mark.offset);
    }
}

static const struct mux_handler qmgr_handler = {.note = on_marks, .closed = on_qmgr_gone, .leaving = on_qmgr_leaving};

/* --- clients --- */

static int take_id_slot(void)
{
    for (int i = 0; i < ID_SLOTS - 1; i++)
        if (!is_slot_taken[i]) {
            is_slot_taken[i] = true;
            return i;
        }
    return -1;
}

/* Clients make queue ids themselves, each from a slot that nobody else uses. When there are more
 * clients than slots, the others reserve their ids here. */
void cleanup_store_opened(struct mux *m)
{
    struct str hello = {0};
    int slot = journal == NULL || journal_slot(journal) >= MAX_WRITERS ? -1 : take_id_slot();

    *daemon_connection(m) = (void *) (intptr_t) (slot + 1);
    attr_put_long(&hello, "id_slot", slot < 0 ? 0 : (long) journal_slot(journal) * ID_SLOTS + slot);
    attr_put(&hello, "store", slot < 0 ? "file" : "journal");
    attr_put_long(&hello, "pid", (long) getpid());
    attr_put_long(&hello, "workers", daemon_worker_count());
    attr_end(&hello);
    mux_hello(m, &hello);
    str_done(&hello);
}

static void drop_reserved(struct reserved *r)
{
    hash_remove(&reserved_files, r->queue_id);
    queue_remove("incoming", r->queue_id);
    mem_free(r);
}

void cleanup_store_closed(struct mux *m)
{
    int slot = (int) (intptr_t) *daemon_connection(m) - 1;
    struct hash_entry *e = NULL, *next;

    if (slot >= 0)
        is_slot_taken[slot] = false;
    for (e = hash_next(&reserved_files, NULL); e != NULL; e = next) {
        next = hash_next(&reserved_files, e);
        struct reserved *r = e->value;
        if (r->owner == m)
            drop_reserved(r);
    }
}

bool cleanup_store_reserve(struct mux *owner, char queue_id[], struct timeval *when)
{
    char temp[64];
    struct stat st;

    *when = clock_wall();
    snprintf(temp, sizeof(temp), "%d_%d", (int) when->tv_usec, (int) getpid());
    int fd = queue_open("incoming", temp, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    bool ok = fd >= 0 && fstat(fd, &st) == 0;
    if (ok) {
        qid_format(queue_id, *when, (uint64_t) st.st_ino, conf.enable_long_queue_ids);
        ok = queue_rename_as(temp, "incoming", queue_id, "incoming");
    }
    if (!ok)
        log_warn("create file incoming/%s: %m", temp);
    if (!ok && fd >= 0)
        queue_remove("incoming", temp);
    if (fd >= 0)
        close(fd);
    if (!ok)
        return false;
    struct reserved *r = mem_zalloc(sizeof(*r));
    r->owner = owner;
    strcpy(r->queue_id, queue_id);
    hash_put(&reserved_files, queue_id, r);
    return true;
}

void cleanup_store_claim(struct message *m)
{
    struct reserved *r = hash_remove(&reserved_files, m->queue_id);

    m->image.is_reserved = r != NULL;
    mem_free(r);
}

/* --- as a file --- */

static int failed(const struct message *m, const char *what)
{
    bool is_full = errno == ENOSPC || errno == EDQUOT;

    log_warn("%s: %s queue file: %m", m->queue_id, what);
    return is_full ? CLEANUP_STAT_SPACE : CLEANUP_STAT_WRITE;
}

static bool sync_directory(const char *path)
{
    struct str dir = {0}, why = {0};
    const char *slash = strrchr(path, '/');

    str_add(&dir, path, (size_t) (slash - path));
    bool ok = file_sync_dir(str_text(&dir), &why);
    if (!ok)
        log_warn("%s", str_text(&why));
    str_done(&dir);
    str_done(&why);
    return ok;
}

int cleanup_store_file(struct message *m)
{
    cleanup_image_spill(&m->image);
    if (m->image.has_failed)
        errno = m->image.error_number;
    return m->image.has_failed ? -1 : m->image.fd;
}

static void tell_of_file(struct message *m, const char *path, uint64_t size)
{
    struct location where = {.path = path, .length = size};
    struct mux *mux = connected();

    if (mux != NULL)
        put_note(mux, QMGR_NOTE_ADD, 0, m->queue_id, &where);
    /* Else qmgr finds it in incoming/ when it starts. */
}

static int commit_file(struct message *m)
{
    const char *queue = (m->flags & CLEANUP_HOLD) != 0 ? "hold" : "incoming";
    struct str path = {0};
    uint64_t size = cleanup_image_size(&m->image);
    int fd = cleanup_store_file(m);

    if (fd < 0)
        return failed(m, "write");
    if (fchmod(fd, FILE_MODE_COMPLETE) < 0 || fsync(fd) < 0) /* the mode is what the sync makes safe, too */
        return failed(m, "sync");
    if (strcmp(queue, "hold") == 0 && !queue_rename(m->queue_id, "incoming", queue))
        return failed(m, "move");
    cleanup_image_keep_file(&m->image);
    bool ok = sync_directory(queue_path(&path, queue, m->queue_id));
    if (!ok) /* the client will send it again */
        queue_remove(queue, m->queue_id);
    else if ((m->flags & CLEANUP_HOLD) == 0)
        tell_of_file(m, str_text(&path), size);
    str_done(&path);
    return ok ? 0 : CLEANUP_STAT_WRITE;
}

/* --- in the journal --- */

struct commit {
    struct message *message;
    struct task *task;
    bool is_over, ok;
    int error_number;          /* when it is not ok */
};

static void on_stored(void *arg, uint64_t seq, const struct location *where, bool ok)
{
    struct commit *c = arg;

    c->error_number = errno;
    c->is_over = true;
    c->ok = ok;
    struct mux *mux = ok ? connected() : NULL;
    if (mux != NULL)
        put_note(mux, c->message->has_trace ? QMGR_NOTE_LIVE : QMGR_NOTE_ADD, seq, c->message->queue_id, where);
    task_wake(c->task);
}

static int commit_journal(struct message *m)
{
    struct commit c = {.message = m, .task = task_self()};

    journal_append(journal, m->queue_id, m->image.bytes.data, m->image.bytes.len, on_stored, &c);
    while (!c.is_over)
        task_park(NEVER);
    if (c.ok)
        return 0;
    return c.error_number == ENOSPC ? CLEANUP_STAT_SPACE : CLEANUP_STAT_WRITE;
}

/* --- both --- */

/* While qmgr is far behind, mail comes in more slowly. */
static void wait_for_qmgr(void)
{
    struct mux *m = connected();

    if (m != NULL && mux_unsent(m) > MAX_UNSENT && conf.in_flow_delay > 0)
        task_sleep((msec) conf.in_flow_delay * 1000);
}

int cleanup_store_commit(struct message *m)
{
    bool has_file = m->image.is_reserved || cleanup_image_is_in_file(&m->image) || (m->flags & CLEANUP_HOLD) != 0;
    bool is_small = cleanup_image_size(&m->image) <= (uint64_t) conf.queue_journal_message_limit;

    if (!space_is_left(0))
        return CLEANUP_STAT_SPACE;
    wait_for_qmgr();
    if (journal != NULL && is_small && !has_file)
        return commit_journal(m);
    return commit_file(m);
}

bool cleanup_store_is_idle(void)
{
    return journal == NULL || journal_live_count(journal) == 0;
}

void cleanup_store_leave(void)
{
    journal_close(journal);
}

void cleanup_store_init(void)
{
    struct str why = {0};
    char *path = mem_printf("public/%s", conf.queue_service_name);

    reconnect.fire = try_again;
    qmgr = client_new(path, &qmgr_handler, NULL);
    mem_free(path);
    if (strcmp(conf.queue_store, "journal") == 0) {
        journal = journal_open(&why);
        if (journal == NULL)
            fatal("%s", str_text(&why));
    } else if (strcmp(conf.queue_store, "file") != 0)
        fatal("file %s/main.cf: parameter queue_store: bad value: %s (specify journal or file)", config_dir(),
            conf.queue_store);
    str_done(&why);
}
