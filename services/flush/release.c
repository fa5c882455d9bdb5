#include "services/flush/release.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "ipc/client.h"
#include "queue/dirs.h"

enum { MODE_COMPLETE = S_IRWXU, MODE_REVIVE = S_IRGRP };

/* One that qmgr is still writing is left alone: its mode says so. */
static int open_complete(const char *queue, const char *queue_id)
{
    struct stat st;
    int fd = queue_open(queue, queue_id, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0);

    if (fd < 0 && errno != ENOENT)
        log_warn("%s: open in queue %s: %m", queue_id, queue);
    if (fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & S_IRWXU) == MODE_COMPLETE)
        return fd;
    if (fd >= 0)
        close(fd);
    return -1;
}

static void make_due(int fd, const char *queue_id, bool revives)
{
    struct stat st;

    if (futimens(fd, NULL) < 0)
        log_warn("%s: update time stamps: %m", queue_id);
    if (revives && (fstat(fd, &st) < 0 || fchmod(fd, (st.st_mode & 07777) | MODE_REVIVE) < 0))
        log_warn("%s: change mode: %m", queue_id);
}

enum flush_release flush_release_message(const char *queue_id, bool revives)
{
    static const char *const queues[] = {"deferred", "incoming"};

    for (size_t i = 0; i < ARRAY_SIZE(queues); i++) {
        int fd = open_complete(queues[i], queue_id);
        if (fd < 0)
            continue;
        make_due(fd, queue_id, revives);
        close(fd);
        if (i == 1 || queue_rename(queue_id, queues[i], queues[1]))
            return FLUSH_RELEASED;
        if (errno != ENOENT)
            log_warn("%s: rename from %s to %s: %m", queue_id, queues[i], queues[1]);
    }
    return FLUSH_ELSEWHERE;
}

void flush_release_tell_qmgr(const char *letters)
{
    char *path = mem_printf("public/%s", conf.queue_service_name);

    if (!client_trigger(path, letters))
        log_warn("wake up %s: %m", path);
    mem_free(path);
}
