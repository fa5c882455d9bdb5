/* repair.h: files where they belong, under the name that they should have.
 */
#ifndef POSTSUPER_REPAIR_H
#define POSTSUPER_REPAIR_H

#include <stdbool.h>

/* -s: move files into the sub-directories that hash_queue_names and hash_queue_depth ask for, and
 * rename messages whose short name does not hold their inode number (is_strict, -S: nor the long one).
 * -p: remove what was left unfinished a week ago. Queues: NULL-terminated. */
void postsuper_repair_structure(const char *const *queues, bool is_strict);
void postsuper_repair_purge(const char *const *queues);

void postsuper_repair_report(void);

#endif
