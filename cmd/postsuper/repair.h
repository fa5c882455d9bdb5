/* repair.h: files where they belong, under the name that they should have.
 */
#ifndef POSTSUPER_REPAIR_H
#define POSTSUPER_REPAIR_H

#include <stdbool.h>

/* -s, structure: move files into the sub-directories that hash_queue_names and hash_queue_depth ask for, remove
 * directories that are not needed, and rename messages whose short name does not hold their inode number (strict,
 * -S: nor the long one). -p, purge: remove what was left unfinished a week ago.
 * Killed in the middle, it has lost nothing, and goes on when it is run again: a renamed message gets its new name
 * with a suffix first, when all that had that name may have made room the suffix goes. */
struct postsuper_repair {
    bool structure, strict, purge;
};
void postsuper_repair(const struct postsuper_repair *wanted, const char *const *queues); /* NULL-terminated */

bool postsuper_repair_has_renamed(void); /* names that somebody may have in hand are no good any more */
void postsuper_repair_report(void);

#endif
