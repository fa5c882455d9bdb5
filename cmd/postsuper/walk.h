/* walk.h: the queues that postsuper knows, and every file in them.
 */
#ifndef POSTSUPER_WALK_H
#define POSTSUPER_WALK_H

#include <stdbool.h>

/* All that are looked through unless some are named, NULL-terminated: logs before the messages that they belong to. */
extern const char *const postsuper_walk_queues[];
extern const char *const postsuper_walk_logs[]; /* those with a log for each message that needs one */

bool postsuper_walk_has_messages(const char *queue); /* or else logs */
bool postsuper_walk_is_known(const char *queue);

/* Call visit for every file, however deep, with its path and name; then for each directory below the queue,
 * when all in it was visited, with its path and depth (leave may be NULL). The names in a directory are read
 * before the first is visited. Both may move and remove what they are given. */
struct postsuper_walk {
    void (*visit)(void *arg, const char *queue, const char *path, const char *name);
    void (*leave)(void *arg, const char *queue, const char *path, int depth);
    void *arg;
};
void postsuper_walk(const struct postsuper_walk *w, const char *const *queues);

#endif
