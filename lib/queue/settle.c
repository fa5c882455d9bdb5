#include "queue/settle.h"

#include <errno.h>
#include <pthread.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/list.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/thread.h"
#include "queue/settle_files.h"

/* Everything the thread needs, in one piece that changes hands. */
struct job {
    struct list link;
    struct settle_file file;
    void (*settled)(void *arg, bool ok);
    void *arg;
    char *queue, *id, *path;
    uint32_t *done;
};

/* The one helper of the process. The loop puts jobs on todo, the thread puts them on finished and
 * writes to the eventfd; between the two it does file work and touches nothing else. */
static struct {
    pthread_mutex_t lock; /* todo and finished */
    pthread_cond_t has_work;
    struct list todo, finished;
    int wake_fd;
    bool is_running;
    size_t pending; /* the loop's */
} helper = {.lock = PTHREAD_MUTEX_INITIALIZER, .has_work = PTHREAD_COND_INITIALIZER, .wake_fd = -1};

static struct job *job_of(struct list *link)
{
    return list_entry(link, struct job, link);
}

/* Up to SETTLE_FILES_MAX jobs; waits until there is one. */
static size_t take_jobs(struct job **jobs)
{
    size_t count = 0;

    pthread_mutex_lock(&helper.lock);
    while (list_is_empty(&helper.todo))
        pthread_cond_wait(&helper.has_work, &helper.lock);
    list_each_safe (pos, after, &helper.todo) {
        if (count == SETTLE_FILES_MAX)
            break;
        list_remove(pos);
        jobs[count++] = job_of(pos);
    }
    pthread_mutex_unlock(&helper.lock);
    return count;
}

static void hand_back(struct job **jobs, size_t count)
{
    static const uint64_t one = 1;

    pthread_mutex_lock(&helper.lock);
    for (size_t i = 0; i < count; i++)
        list_append(&helper.finished, &jobs[i]->link);
    pthread_mutex_unlock(&helper.lock);
    while (write(helper.wake_fd, &one, sizeof(one)) < 0 && errno == EINTR)
        ;
}

static void *work(void *unused)
{
    struct settle_file *files = mem_alloc(SETTLE_FILES_MAX * sizeof(*files));
    struct job *jobs[SETTLE_FILES_MAX];

    (void) unused;
    for (;;) {
        size_t count = take_jobs(jobs);
        for (size_t i = 0; i < count; i++)
            files[i] = jobs[i]->file;
        settle_files(files, count, (uid_t) -1, (gid_t) -1);
        for (size_t i = 0; i < count; i++)
            jobs[i]->file = files[i];
        hand_back(jobs, count);
    }
    return NULL;
}

static void finish(struct job *job)
{
    helper.pending--;
    if (!job->file.ok)
        log_warn("%s: not settled: %s", job->id, str_text(&job->file.why));
    job->settled(job->arg, job->file.ok);
    str_done(&job->file.why);
    mem_free(job->queue);
    mem_free(job->id);
    mem_free(job->path);
    mem_free(job->done);
    mem_free(job);
}

static void results_ready(void *arg)
{
    uint64_t count;
    struct list finished;

    (void) arg;
    if (read(helper.wake_fd, &count, sizeof(count)) < 0)
        return;
    list_init(&finished);
    pthread_mutex_lock(&helper.lock);
    list_splice(&finished, &helper.finished);
    pthread_mutex_unlock(&helper.lock);
    list_each_safe (pos, after, &finished) {
        list_remove(pos);
        finish(job_of(pos));
    }
}

static void start_helper(void)
{
    list_init(&helper.todo);
    list_init(&helper.finished);
    helper.wake_fd = eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC);
    if (helper.wake_fd < 0)
        fatal("eventfd: %m");
    loop_watch_readable(helper.wake_fd, results_ready, NULL);
    thread_start(work, NULL);
    helper.is_running = true;
}

void settle_message(const char *queue, const char *queue_id, const struct location *where, time_t mtime,
    const uint32_t *done_offsets, size_t done_count, void (*settled)(void *arg, bool ok), void *arg)
{
    struct job *job = mem_zalloc(sizeof(*job));

    job->settled = settled;
    job->arg = arg;
    job->queue = mem_strdup(queue);
    job->id = mem_strdup(queue_id);
    job->path = mem_strdup(where->path);
    job->done = mem_dup(done_offsets, done_count * sizeof(*done_offsets));
    job->file = (struct settle_file){.queue = job->queue,
        .id = job->id,
        .where = *where,
        .mtime = mtime,
        .done = job->done,
        .done_count = done_count};
    job->file.where.path = job->path;
    if (!helper.is_running)
        start_helper();
    helper.pending++;
    pthread_mutex_lock(&helper.lock);
    list_append(&helper.todo, &job->link);
    pthread_cond_signal(&helper.has_work);
    pthread_mutex_unlock(&helper.lock);
}

size_t settle_pending(void)
{
    return helper.pending;
}
