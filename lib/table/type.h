/* type.h: what table.c and a table type know of each other.
 *
 * A type is a struct type_ops and a row in types.c. table.c does what all types share: names,
 * sharing, folding, UTF-8 checks, locks, noticing changes. An operation gets the key ready to
 * look up, runs with the table's lock held, and returns TABLE_ERROR only after it logged why, with
 * the cause in the table's error.
 */
#ifndef TABLE_TYPE_H
#define TABLE_TYPE_H

#include <sys/types.h>
#include <time.h>

#include "base/clock.h"
#include "table/table.h"

enum type_trait {
    TYPE_PATTERN = 1 << 0, /* whole keys only, which are not folded */
    TYPE_CREATED = 1 << 1, /* postmap makes such tables */
    TYPE_LIVE = 1 << 2,    /* an open table sees what others write into its file */
    TYPE_FCNTL = 1 << 3,   /* lock_fd is locked with fcntl(2); else with flock(2) */
    TYPE_BLOCKS = 1 << 4,  /* lookups wait in a client library: daemons leave them to proxymap */
    TYPE_READ_ONLY = 1 << 5, /* refused where it is to be written */
    TYPE_UNTRUSTED = 1 << 6 /* anybody may have the server's ear: not for what is security-sensitive */
};

struct type_ops {
    /* Fills in state, and path and lock_fd where there is a file. False: why. */
    bool (*open)(struct table *t, struct str *why);
    void (*close)(struct table *t); /* also after an open() that failed half-way */
    enum table_result (*find)(struct table *t, const char *key, size_t len, struct str *value);
    /* These may be NULL: the type cannot do it. is_bare: the entry is written without NUL. */
    enum table_put (*put)(struct table *t, const char *key, const char *value, bool is_bare);
    enum table_put (*sync)(struct table *t);
    enum table_result (*remove)(struct table *t, const char *key, size_t len);
    enum table_result (*next)(struct table *t, bool from_start, struct str *key, struct str *value);
};

struct table_type {
    const char *name;
    unsigned traits; /* enum type_trait */
    const struct type_ops *ops;
};

/* What a file was when it was opened. */
struct file_stamp {
    dev_t dev;
    ino_t ino;
    off_t size;
    struct timespec mtime;
};

struct table {
    /* For the types: */
    const struct table_type *type;
    int flags;         /* enum table_flag; with TABLE_WITH_NUL and TABLE_WITHOUT_NUL both: not known yet */
    unsigned traits;   /* the type's; a combination of tables may have others */
    const char *name;  /* behind "type:" */
    char *path;        /* the file whose changes are watched; NULL: none; table.c frees it */
    int lock_fd;       /* -1: nothing to lock; table.c closes it */
    void *state;       /* the type's own */
    char *server;      /* TYPE_BLOCKS: whom it asks, "mysql db1 db2"; table.c frees it */
    int error;         /* errno of the operation that failed; 0: trying again is of no use; -1: none that has a name */
    uid_t owner;       /* of the file; of a table made of others: of one that is not root's, if there is one */

    /* table.c and changes.c only: */
    char *full_name, *label;
    bool is_open, is_opening, is_young;
    int watch_fd;      /* the file, if lock_fd is not; -1: none */
    struct str why;    /* why it is not open */
    struct file_stamp stamp;
    struct file_stamp seen; /* the file that has taken its place, or the like, since seen_at */
    msec check_at, seen_at, compared_at;
    unsigned references;
};

const struct table_type *types_find(const char *name, size_t len); /* NULL: there is none */
const struct table_type *types_direct(const struct table_type *type); /* TYPE_BLOCKS: as direct.h has it, or itself */
void types_set_direct(const struct table_type *types, size_t count);
const struct table_type *types_all(size_t *count);                 /* sorted by name */

/* For open(): wait for the lock on lock_fd, as io_wait() does (false: errno), and give it back,
 * unless the table is to stay locked (TABLE_LOCK). */
bool table_lock(struct table *t, bool is_exclusive);
void table_unlock(struct table *t);

/* The two ways in which keys may be written in a file, in the order in which they are tried. Whichever
 * finds a key first, or is used for a new one, stays: settle it. */
extern const int table_ways[2]; /* TABLE_WITH_NUL, TABLE_WITHOUT_NUL */
void table_settle_way(struct table *t, int way);

/* Messages call the table "type:path" from now on (the file's whole name). */
void table_set_label(struct table *t, const char *path);

#endif
