#include "queue/erase.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <unistd.h>

#include "base/thread.h"
#include "queue/dirs.h"

enum {
    THREADS = 4,        /* disks do several things at a time */
    MAX_WAITING = 1000, /* descriptors; with more, the one who asks does it */
};

static struct {
    pthread_mutex_t lock;
    pthread_cond_t has_work;
    int fds[MAX_WAITING]; /* a ring */
    unsigned first, count;
    bool is_running;      /* the main thread's */
} helpers = {.lock = PTHREAD_MUTEX_INITIALIZER, .has_work = PTHREAD_COND_INITIALIZER};

static void *work(void *unused)
{
    (void) unused;
    for (;;) {
        pthread_mutex_lock(&helpers.lock);
        while (helpers.count == 0)
            pthread_cond_wait(&helpers.has_work, &helpers.lock);
        int fd = helpers.fds[helpers.first];
        helpers.first = (helpers.first + 1) % MAX_WAITING;
        helpers.count--;
        pthread_mutex_unlock(&helpers.lock);
        close(fd);
    }
    return NULL;
}

static void close_elsewhere(int fd)
{
    for (int i = 0; i < THREADS && !helpers.is_running; i++)
        thread_start(work, NULL);
    helpers.is_running = true;
    pthread_mutex_lock(&helpers.lock);
    bool is_taken = helpers.count < MAX_WAITING;
    if (is_taken) {
        helpers.fds[(helpers.first + helpers.count++) % MAX_WAITING] = fd;
        pthread_cond_signal(&helpers.has_work);
    }
    pthread_mutex_unlock(&helpers.lock);
    if (!is_taken)
        close(fd);
}

bool erase_file(const char *queue, const char *id)
{
    int fd = queue_open(queue, id, O_PATH | O_NOFOLLOW, 0); /* refers to the file, without leave to read it */

    if (fd < 0)
        return errno == ENOENT ? false : queue_remove(queue, id);
    bool ok = queue_remove(queue, id);
    int cause = errno;
    if (ok)
        close_elsewhere(fd);
    else
        close(fd);
    errno = cause;
    return ok;
}
