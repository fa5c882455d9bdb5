#include "cleanup/image.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/file.h"
#include "config/config.h"
#include "queue/dirs.h"

enum { FIRST_BYTES = 8 * 1024 }; /* most messages fit, and need not grow */

void cleanup_image_init(struct image *i, const char *queue_id)
{
    *i = (struct image){.queue_id = queue_id, .fd = -1};
    str_reserve(&i->bytes, FIRST_BYTES);
}

uint64_t cleanup_image_size(const struct image *i)
{
    return i->in_file + i->bytes.len;
}

bool cleanup_image_is_in_file(const struct image *i)
{
    return i->fd >= 0;
}

static void failed(struct image *i)
{
    if (!i->has_failed)
        i->error_number = errno;
    i->has_failed = true;
}

void cleanup_image_spill(struct image *i)
{
    if (i->fd < 0 && !i->has_failed) {
        int how = i->is_reserved ? 0 : O_CREAT | O_EXCL;
        i->fd = queue_open("incoming", i->queue_id, O_RDWR | O_CLOEXEC | how, 0600);
        if (i->fd < 0)
            failed(i);
    }
    if (!i->has_failed && !file_write_all(i->fd, i->bytes.data, i->bytes.len))
        failed(i);
    i->in_file += i->bytes.len;
    str_clear(&i->bytes);
}

void cleanup_image_check(struct image *i)
{
    if (i->bytes.len > (size_t) conf.cleanup_memory_limit)
        cleanup_image_spill(i);
}

void cleanup_image_overwrite(struct image *i, uint64_t offset, const char *bytes, size_t n)
{
    if (offset >= i->in_file)
        memcpy(i->bytes.data + (offset - i->in_file), bytes, n);
    else if (!i->has_failed && pwrite(i->fd, bytes, n, (off_t) offset) != (ssize_t) n)
        failed(i);
}

void cleanup_image_insert(struct image *i, uint64_t offset, const char *bytes, size_t n)
{
    size_t at = (size_t) (offset - i->in_file), tail = i->bytes.len - at;

    str_grow(&i->bytes, n);
    memmove(i->bytes.data + at + n, i->bytes.data + at, tail);
    memcpy(i->bytes.data + at, bytes, n);
}

void cleanup_image_keep_file(struct image *i)
{
    if (i->fd >= 0)
        close(i->fd);
    i->fd = -1;
    i->is_reserved = false;
}

void cleanup_image_done(struct image *i)
{
    if (i->fd >= 0 || i->is_reserved)
        queue_remove("incoming", i->queue_id);
    cleanup_image_keep_file(i);
    str_done(&i->bytes);
}
