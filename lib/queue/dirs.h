/* dirs.h: the directories of the queue, relative to the queue directory.
 *
 * incoming active deferred hold corrupt saved bounce defer trace flush maildrop; those named by
 * hash_queue_names have hash_queue_depth levels of sub-directories, made on demand.
 */
#ifndef QUEUE_DIRS_H
#define QUEUE_DIRS_H

#include <stdbool.h>
#include <stdio.h>
#include <sys/types.h>

#include "base/str.h"

/* The path of an id in a queue replaces what is in path. Returns str_text(path). */
const char *queue_path(struct str *path, const char *queue, const char *id);
bool queue_is_hashed(const char *queue); /* is it named by hash_queue_names? */

/* rename(2) from one queue to another, making the sub-directory that is missing, but never over a
 * file that is there (EEXIST). False: errno. */
bool queue_rename(const char *id, const char *from_queue, const char *to_queue);
bool queue_rename_as(const char *id, const char *from_queue, const char *new_id, const char *to_queue);
bool queue_move(const char *path, const char *queue, const char *id); /* likewise, from wherever it is */
bool queue_move_to(const char *path, const char *to);                 /* likewise, a path in a queue */
bool queue_remove(const char *queue, const char *id);
int queue_open(const char *queue, const char *id, int flags, mode_t mode); /* as open(2); makes directories with O_CREAT */
bool queue_has(const char *queue, const char *id); /* is there such a message, complete? */

/* Walk all ids in a queue, whatever its depth of hashing on disk. Open gives NULL and errno when
 * there is no such queue; the others accept that. */
struct queue_scan;
struct queue_scan *queue_scan_open(const char *queue);
const char *queue_scan_next(struct queue_scan *s, struct str *path); /* the id, or NULL; path of the file */
void queue_scan_close(struct queue_scan *s);

#endif
