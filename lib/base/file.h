/* file.h: whole files.
 */
#ifndef BASE_FILE_H
#define BASE_FILE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/str.h"

/* The whole file, appended to text. False: why is "open PATH: cause" or "read PATH: cause". */
bool file_read(const char *path, struct str *text, struct str *why);
bool file_read_all(int fd, struct str *text); /* the rest of an open one; blocking descriptors; false: errno */

/* Write and sync n bytes as a new file in the same directory, then rename it to path: path is
 * always the old or the new content. Mode applies to the new file. */
bool file_replace(const char *path, const char *bytes, size_t n, mode_t mode, struct str *why);

bool file_sync_dir(const char *path, struct str *why);                /* fsync a directory */
bool file_write_all(int fd, const void *bytes, size_t n);             /* blocking descriptors; false: errno */

#endif
