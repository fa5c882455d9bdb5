/* erase.h: removing queue files without waiting for the disk.
 */
#ifndef QUEUE_ERASE_H
#define QUEUE_ERASE_H

#include <stdbool.h>

/* As queue_remove(): the name is gone when this returns. But the last descriptor of the file is closed by a helper
 * thread: to free the blocks may take a file system as long as a disk needs (measured, ext4 that discards what it
 * frees, on a virtual disk: 0.4 ms). False: errno. */
bool erase_file(const char *queue, const char *id);

#endif
