#include "cmd/postsuper/remove.h"

#include <errno.h>
#include <pthread.h>
#include <stddef.h>
#include <string.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "cmd/postsuper/walk.h"
#include "queue/dirs.h"

enum { THREADS = 8, BATCH = 1024, LOG_QUEUES = 3 };

static bool is_empty[LOG_QUEUES]; /* as postsuper_walk_logs; between begin and end: there is nothing to look for */

/* Errno is 0, or why path could not be removed. */
static bool try_remove(const char *path)
{
    errno = 0;
    if (unlink(path) == 0)
        return true;
    if (errno == ENOENT)
        errno = 0;
    return false;
}

bool postsuper_remove_file(const char *path)
{
    if (!try_remove(path)) {
        if (errno != 0)
            fatal("remove file %s: %m", path);
        return false;
    }
    if (log_verbose > 0)
        log_info("removed file %s", path);
    return true;
}

bool postsuper_remove_message(const char *path, const char *id)
{
    struct str log = {0};

    for (size_t i = 0; i < LOG_QUEUES; i++)
        if (!is_empty[i])
            postsuper_remove_file(queue_path(&log, postsuper_walk_logs[i], id));
    str_done(&log);
    return postsuper_remove_file(path);
}

/* --- many --- */

struct job {
    struct str path, id, failed; /* failed: what could not be removed */
    bool is_counted, is_done;
    int cause;
};

static struct job jobs[BATCH];
static size_t job_count;
static unsigned long counted;

static bool carry_out_one(struct job *j, const char *path)
{
    if (try_remove(path))
        return true;
    if (errno != 0) {
        j->cause = errno;
        str_set(&j->failed, path);
    }
    return false;
}

static void carry_out(struct job *j)
{
    struct str log = {0};

    for (size_t i = 0; i < LOG_QUEUES && j->cause == 0; i++)
        if (!is_empty[i])
            carry_out_one(j, queue_path(&log, postsuper_walk_logs[i], str_text(&j->id)));
    str_done(&log);
    j->is_done = j->cause == 0 && carry_out_one(j, str_text(&j->path));
}

/* The jobs of one thread: every so many. */
static void *work(void *arg)
{
    for (size_t i = (size_t) ((struct job *) arg - jobs); i < job_count; i += THREADS)
        carry_out(&jobs[i]);
    return NULL;
}

static void carry_out_all(void)
{
    pthread_t threads[THREADS];
    size_t started = 0, wanted = job_count < THREADS ? job_count : THREADS;

    while (started < wanted && pthread_create(&threads[started], NULL, work, &jobs[started]) == 0)
        started++;
    for (size_t i = started; i < wanted; i++)
        work(&jobs[i]); /* what threads there are not enough for */
    for (size_t i = 0; i < started; i++)
        pthread_join(threads[i], NULL);
    for (size_t i = 0; i < job_count; i++) {
        if (jobs[i].cause != 0) {
            errno = jobs[i].cause;
            fatal("remove file %s: %m", str_text(&jobs[i].failed));
        }
        counted += jobs[i].is_done && jobs[i].is_counted;
    }
    job_count = 0;
}

static void look_for_logs(void)
{
    struct str path = {0};

    for (size_t i = 0; i < LOG_QUEUES; i++) {
        struct queue_scan *scan = queue_scan_open(postsuper_walk_logs[i]);
        is_empty[i] = queue_scan_next(scan, &path) == NULL;
        queue_scan_close(scan);
    }
    str_done(&path);
}

void postsuper_remove_begin(void)
{
    counted = 0;
    look_for_logs();
}

void postsuper_remove_add(const char *path, const char *id, bool is_counted)
{
    if (log_verbose > 0) { /* each is told, in order */
        counted += postsuper_remove_message(path, id) && is_counted;
        return;
    }
    struct job *j = &jobs[job_count++];
    str_set(&j->path, path);
    str_set(&j->id, id);
    j->is_counted = is_counted;
    j->is_done = false;
    if (job_count == BATCH)
        carry_out_all();
}

unsigned long postsuper_remove_end(void)
{
    carry_out_all();
    for (size_t i = 0; i < BATCH; i++) {
        str_done(&jobs[i].path);
        str_done(&jobs[i].id);
    }
    memset(is_empty, 0, sizeof(is_empty));
    return counted;
}
