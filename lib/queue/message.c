/* message.c: the bytes of a message, wherever they are.
 *
 * A segment of the journal is used again in place, under the same name and never shortened, so one
 * mapping serves every message that will ever be in it: no system call, and after a while no page
 * fault, per message.
 */
#include "queue/location.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/mem.h"
#include "queue/entry.h"

enum { SEGMENTS_MAX = 16 }; /* a burst of deferred mail may fill hundreds: their pages would count as ours */

struct mapping {
    char *bytes;
    size_t n;
    unsigned users;
    bool is_stale; /* another file has the name now; released with the last user */
    bool is_segment;
    char path[];
};

/* The segments that were read last, the latest first. They outlive the messages, which is their use. */
static struct mapping *segments[SEGMENTS_MAX];
static size_t segment_count;

static void unmap(struct mapping *m)
{
    munmap(m->bytes, m->n);
    mem_free(m);
}

static struct mapping *map_file(const char *path, bool is_segment, struct str *why)
{
    struct mapping *m = NULL;
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    void *bytes;

    if (fd < 0 || fstat(fd, &st) < 0) {
        str_setf(why, "open %s: %s", path, strerror(errno));
        goto done;
    }
    if (!S_ISREG(st.st_mode) || st.st_size == 0) {
        str_setf(why, "open %s: empty, or not a file", path);
        goto done;
    }
    bytes = mmap(NULL, (size_t) st.st_size, PROT_READ, MAP_SHARED | (is_segment ? MAP_POPULATE : 0), fd, 0);
    if (bytes == MAP_FAILED) {
        str_setf(why, "map %s: %s", path, strerror(errno));
        goto done;
    }
    m = mem_alloc(sizeof(*m) + strlen(path) + 1);
    *m = (struct mapping){.bytes = bytes, .n = (size_t) st.st_size, .is_segment = is_segment};
    strcpy(m->path, path);
done:
    if (fd >= 0)
        close(fd);
    return m;
}

static void to_front(size_t i)
{
    struct mapping *m = segments[i];

    memmove(segments + 1, segments, i * sizeof(*segments));
    segments[0] = m;
}

static void drop(size_t i)
{
    struct mapping *m = segments[i];

    segment_count--;
    memmove(segments + i, segments + i + 1, (segment_count - i) * sizeof(*segments));
    if (m->users == 0)
        unmap(m);
    else
        m->is_stale = true;
}

static struct mapping *segment_at(const char *path, struct str *why)
{
    for (size_t i = 0; i < segment_count; i++)
        if (strcmp(segments[i]->path, path) == 0) {
            if (i > 0)
                to_front(i);
            return segments[0];
        }
    struct mapping *m = map_file(path, true, why);
    if (m == NULL)
        return NULL;
    if (segment_count == SEGMENTS_MAX)
        drop(SEGMENTS_MAX - 1);
    segments[segment_count++] = m;
    to_front(segment_count - 1);
    return m;
}

static bool holds(const struct mapping *m, const char *queue_id, const struct location *l)
{
    struct entry_header e;

    return l->offset >= sizeof(e) && entry_at(m->bytes, m->n, l->offset - sizeof(e), 0, &e) &&
           e.type == ENTRY_MESSAGE && e.length == l->length && strcmp(e.queue_id, queue_id) == 0;
}

static bool open_in_journal(const char *queue_id, const struct location *l, struct message_bytes *out, struct str *why)
{
    struct mapping *m = segment_at(l->path, why);

    if (m != NULL && !holds(m, queue_id, l)) {
        drop(0); /* the segment may have been removed, and made again */
        m = segment_at(l->path, why);
    }
    if (m == NULL)
        return false;
    if (!holds(m, queue_id, l)) {
        str_setf(why, "%s: message is gone from %s", queue_id, l->path);
        return false;
    }
    m->users++;
    *out = (struct message_bytes){.bytes = m->bytes + l->offset, .n = l->length, .map = m};
    return true;
}

bool message_open(const char *queue_id, const struct location *l, struct message_bytes *out, struct str *why)
{
    *out = (struct message_bytes){0};
    if (location_is_journal(l))
        return open_in_journal(queue_id, l, out, why);
    struct mapping *m = map_file(l->path, false, why);
    if (m == NULL)
        return false;
    if (m->n < l->length) {
        str_setf(why, "%s: shorter than it was: %zu bytes", l->path, m->n);
        unmap(m);
        return false;
    }
    m->users = 1;
    *out = (struct message_bytes){.bytes = m->bytes, .n = m->n, .map = m};
    return true;
}

bool message_is_current(const char *queue_id, const struct location *l, const struct message_bytes *m)
{
    const struct mapping *map = m->map;

    return !map->is_segment || holds(map, queue_id, l);
}

void message_close(struct message_bytes *m)
{
    struct mapping *map = m->map;

    *m = (struct message_bytes){0};
    if (map == NULL || --map->users > 0)
        return;
    if (!map->is_segment || map->is_stale)
        unmap(map);
}
