/* image.h: the queue file of a message while it is being made.
 *
 * Bytes are appended; what was written may be overwritten in place. It stays in memory up to
 * cleanup_memory_limit; what is longer goes to a file in incoming/, mode 0600, as it grows. The file is
 * the image's own, and goes with it unless it is kept.
 */
#ifndef CLEANUP_IMAGE_H
#define CLEANUP_IMAGE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

struct image {
    struct str bytes;        /* what is not in the file yet; append here, then call cleanup_image_check() */
    uint64_t in_file;        /* how many bytes in front of them are */
    const char *queue_id;    /* the file's name */
    int fd;                  /* -1: all in memory */
    bool is_reserved;        /* the file is there already, empty */
    bool has_failed;         /* the file could not be written; error_number says why */
    int error_number;
};

void cleanup_image_init(struct image *i, const char *queue_id);
uint64_t cleanup_image_size(const struct image *i);
bool cleanup_image_is_in_file(const struct image *i);

/* After appending: move what is above the limit to the file. */
void cleanup_image_check(struct image *i);
void cleanup_image_spill(struct image *i); /* everything, now */

/* The same number of bytes at an earlier place. */
void cleanup_image_overwrite(struct image *i, uint64_t offset, const char *bytes, size_t n);
/* Insert bytes, where what is behind them is still in memory. */
void cleanup_image_insert(struct image *i, uint64_t offset, const char *bytes, size_t n);

void cleanup_image_keep_file(struct image *i);
void cleanup_image_done(struct image *i);

#endif
