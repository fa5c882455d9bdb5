/* remove.h: removing messages and their logs, many at once.
 *
 * To free a file's blocks may mean to wait for the disk (a file system that discards them at once takes some 50 us
 * each), and one after the other the waiting adds up. So a few threads share the work.
 */
#ifndef POSTSUPER_REMOVE_H
#define POSTSUPER_REMOVE_H

#include <stdbool.h>

/* Remove a file. False: it was not there. Anything else that fails is fatal. */
bool postsuper_remove_file(const char *path);

/* Remove a message, its logs first: were it the other way round, they might be taken for those of the next message
 * with this name. False: it was not there. */
bool postsuper_remove_message(const char *path, const char *id);

/* The same, later, and not one by one: between begin and end. In the end, all that were there are removed; the number
 * of those that were to be counted. */
void postsuper_remove_begin(void);
void postsuper_remove_add(const char *path, const char *id, bool is_counted);
unsigned long postsuper_remove_end(void);

#endif
