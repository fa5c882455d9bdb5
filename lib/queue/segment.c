#include "queue/segment.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "base/file.h"
#include "base/mem.h"
#include "config/config.h"

enum { SEGMENT_MODE = 0600, ZEROS = 256 * 1024, NUMBER_DIGITS = 6 };

uint64_t segment_size(void)
{
    uint64_t size = (uint64_t) conf.queue_journal_segment_size;
    uint64_t least = ENTRY_BLOCK + entry_end(0, (uint64_t) conf.queue_journal_message_limit);

    return entry_round_up(size > least ? size : least, ENTRY_BLOCK);
}

char *segment_path(struct arena *a, const char *dir, unsigned number)
{
    return arena_printf(a, "%s/%0*u", dir, NUMBER_DIGITS, number);
}

static struct segment *segment_new(const char *dir, unsigned number, int fd, uint64_t size)
{
    struct segment *s = mem_zalloc(sizeof(*s));

    s->fd = fd;
    s->number = number;
    s->size = size;
    s->path = mem_printf("%s/%0*u", dir, NUMBER_DIGITS, number);
    list_init(&s->link);
    return s;
}

static bool has_room(int fd, uint64_t size)
{
    struct statvfs fs;

    if (fstatvfs(fd, &fs) < 0)
        return false;
    if ((uint64_t) fs.f_bavail * fs.f_frsize >= size + (uint64_t) conf.queue_minfree)
        return true;
    errno = ENOSPC;
    return false;
}

/* Blocks that are written once belong to the file for good: later syncs commit data alone. */
static bool fill_with_zeros(int fd, uint64_t size)
{
    char *zeros = mem_zalloc(ZEROS);
    uint64_t done = 0;

    while (done < size) {
        ssize_t n = pwrite(fd, zeros, size - done < ZEROS ? size - done : ZEROS, (off_t) done);
        if (n < 0 && errno != EINTR)
            break;
        done += n > 0 ? (uint64_t) n : 0;
    }
    mem_free(zeros);
    return done == size;
}

struct segment *segment_create(const char *dir, unsigned number, uint64_t size, struct str *why)
{
    struct segment *s = segment_new(dir, number, -1, size);

    s->fd = open(s->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, SEGMENT_MODE);
    if (s->fd < 0) {
        str_setf(why, "create %s: %s", s->path, strerror(errno));
        segment_free(s);
        return NULL;
    }
    if (!has_room(s->fd, size) || !fill_with_zeros(s->fd, size) || fsync(s->fd) < 0) {
        str_setf(why, "write %s: %s", s->path, strerror(errno));
        segment_remove(s);
        return NULL;
    }
    if (!file_sync_dir(dir, why)) {
        segment_remove(s);
        return NULL;
    }
    return s;
}

static bool read_header(int fd, struct segment_header *h)
{
    return pread(fd, h, sizeof(*h), 0) == sizeof(*h);
}

struct segment *segment_adopt(const char *dir, unsigned number, uint64_t size)
{
    struct segment *s = segment_new(dir, number, -1, size);
    struct stat st;

    s->fd = open(s->path, O_RDWR | O_CLOEXEC);
    if (s->fd >= 0 && fstat(s->fd, &st) == 0 && st.st_size > ENTRY_BLOCK && read_header(s->fd, &s->head)) {
        s->size = (uint64_t) st.st_size;
        return s;
    }
    segment_free(s);
    return NULL;
}

bool segment_clear(struct segment *s, unsigned slot, uint64_t next_seq)
{
    entry_begin_segment(&s->head, slot, s->head.generation + 1, next_seq, false);
    return segment_write(s, 0, (const char *) &s->head, sizeof(s->head)) && fsync(s->fd) == 0;
}

void segment_begin(struct segment *s, unsigned slot, uint64_t first_seq)
{
    entry_begin_segment(&s->head, slot, s->head.generation + 1, first_seq, true);
    s->tail = 0;
    s->is_clean = true;
    s->count = s->live_count = 0;
}

struct segment_message *segment_add(struct segment *s)
{
    if (s->count == s->room) {
        s->room = s->room == 0 ? 64 : s->room * 2;
        s->messages = mem_realloc(s->messages, s->room * sizeof(*s->messages));
    }
    s->live_count++;
    return &s->messages[s->count++];
}

struct segment_message *segment_find(struct segment *s, uint64_t seq)
{
    uint64_t i = seq - s->head.first_seq;

    return seq >= s->head.first_seq && i < s->count ? &s->messages[i] : NULL;
}

bool segment_write(struct segment *s, uint64_t offset, const char *bytes, size_t n)
{
    while (n > 0) {
        ssize_t put = pwrite(s->fd, bytes, n, (off_t) offset);
        if (put < 0 && errno == EINTR)
            continue;
        if (put < 0)
            return false;
        bytes += put;
        n -= (size_t) put;
        offset += (uint64_t) put;
    }
    return true;
}

void segment_free(struct segment *s)
{
    if (s == NULL)
        return;
    if (s->fd >= 0)
        close(s->fd);
    mem_free(s->messages);
    mem_free(s->path);
    mem_free(s);
}

void segment_remove(struct segment *s)
{
    unlink(s->path);
    segment_free(s);
}

bool segment_unlink(const char *dir, unsigned number)
{
    struct arena a = {0};
    bool ok = unlink(segment_path(&a, dir, number)) == 0;

    arena_done(&a);
    return ok;
}

static int by_number(const void *a, const void *b)
{
    unsigned x = *(const unsigned *) a, y = *(const unsigned *) b;

    return x < y ? -1 : x > y;
}

void segment_each_file(const char *dir, void (*visit)(void *arg, unsigned number), void *arg)
{
    DIR *d = opendir(dir);
    struct dirent *entry;
    struct str numbers = {0};

    while (d != NULL && (entry = readdir(d)) != NULL) {
        char *end;
        unsigned number = (unsigned) strtoul(entry->d_name, &end, 10);
        if (*end == 0 && end - entry->d_name == NUMBER_DIGITS)
            str_add(&numbers, (const char *) &number, sizeof(number));
    }
    if (d != NULL)
        closedir(d);
    size_t count = numbers.len / sizeof(unsigned);
    unsigned *sorted = (unsigned *) (void *) numbers.data;
    if (count > 1)
        qsort(sorted, count, sizeof(*sorted), by_number);
    for (size_t i = 0; i < count; i++)
        visit(arg, sorted[i]);
    str_done(&numbers);
}
