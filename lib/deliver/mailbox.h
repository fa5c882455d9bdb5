/* mailbox.h: a file in UNIX mailbox format, locked against its other users.
 *
 *     struct mailbox m = {.path = ..., .uid = ...};
 *     if (mailbox_open(&m, c))
 *         mailbox_append(&m, c, uid, gid);
 *     mailbox_close(&m);
 */
#ifndef DELIVER_MAILBOX_H
#define DELIVER_MAILBOX_H

#include <sys/stat.h>

#include "deliver/copy.h"

enum mailbox_lock {
    MAILBOX_FLOCK = 1 << 0,
    MAILBOX_FCNTL = 1 << 1,
    MAILBOX_DOTLOCK = 1 << 2,
    MAILBOX_DOTLOCK_IF_POSSIBLE = 1 << 3 /* with MAILBOX_DOTLOCK: go on where the directory does not allow one */
};

/* The styles that a parameter's value names, "fcntl, dotlock"; fatal if it names another. */
unsigned mailbox_lock_styles(const char *parameter, const char *value);

/* No file that this process, or a program that it starts, writes becomes longer; 0: no limit. */
void mailbox_limit_size(long bytes);

struct mailbox {
    const char *path;
    uid_t uid;                   /* who locks and opens it ... */
    gid_t gid;
    uid_t owner;                 /* ... and whose it becomes if it is new; -1: it stays uid's */
    gid_t owner_group;
    unsigned locks;              /* enum mailbox_lock */
    struct stat st;              /* as it was found */
    int fd;                      /* mailbox.c only, from here on */
    struct str dot_path;
    bool has_dot_lock;
};

/* Lock and open it, or make it. Waits for locks (deliver_lock_attempts, deliver_lock_delay), in a task.
 * False: status and reason of c; mailbox_close() all the same. */
bool mailbox_open(struct mailbox *m, struct copy *c);

/* The message at its end, written as this user. False: status and reason of c, and the file has its
 * former length. */
bool mailbox_append(struct mailbox *m, struct copy *c, uid_t uid, gid_t gid);

void mailbox_close(struct mailbox *m);

#endif
