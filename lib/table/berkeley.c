/* hash and btree: Berkeley DB files, NAME.db, as Postfix makes them.
 *
 * Entries end in a NUL that is counted, unless a table says otherwise; see struct table.flags.
 * A writer changes the file in place under an exclusive lock on it, so readers lock each lookup.
 */
#ifdef WITH_DB
#include <db.h>
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "table/older.h"
#include "table/type.h"
#include "table/types.h"

enum {
    EXPECTED_ENTRIES = 4096, /* a hint for new hash files */
    FILE_MODE = 0644
};

struct berkeley {
    DB *db;
    DBC *cursor; /* berkeley_next() */
};

/* The file to be locked while it is opened, and looked up in. False: there is none, or errno. */
static bool open_lock(struct table *t)
{
    t->lock_fd = open(t->path, ((t->flags & TABLE_WRITE) != 0 ? O_RDWR : O_RDONLY) | O_CLOEXEC);
    return t->lock_fd >= 0 && table_lock(t, (t->flags & TABLE_WRITE) != 0);
}

/* What an interrupted writer may leave behind: Berkeley DB does not take an empty file for a new one. */
static void remove_empty(struct table *t)
{
    struct stat st;

    if (fstat(t->lock_fd, &st) < 0 || st.st_size > 0)
        return;
    log_warn("removing zero-length database file: %s", t->path);
    unlink(t->path);
    close(t->lock_fd);
    t->lock_fd = -1;
}

/* What the library would print: how it is that a call fails, which is logged when it does. */
static void say_nothing(const DB_ENV *env, const char *prefix, const char *text)
{
    (void) env;
    (void) prefix;
    (void) text;
}

static int open_db(struct table *t, DB *db)
{
    bool is_hash = t->type->name[0] == 'h', is_writer = (t->flags & TABLE_WRITE) != 0;
    int cache = is_writer ? conf.berkeley_db_create_buffer_size : conf.berkeley_db_read_buffer_size;
    uint32_t flags = is_writer ? 0 : DB_RDONLY;

    if ((t->flags & TABLE_CREATE) != 0)
        flags |= DB_CREATE;
    if ((t->flags & TABLE_TRUNCATE) != 0)
        flags |= DB_TRUNCATE;
    if (cache > 0) /* the library's own records take their part of it; measured: so much is left for pages */
        db->set_cachesize(db, 0, (uint32_t) cache * 2, 0);
    if (is_hash && is_writer)
        db->set_h_nelem(db, EXPECTED_ENTRIES);
    return db->open(db, NULL, t->path, NULL, is_hash ? DB_HASH : DB_BTREE, flags, FILE_MODE);
}

static bool fail(const struct table *t, int error, struct str *why)
{
    str_setf(why, "open database %s: %s", t->path, strerror(error));
    return false;
}

static bool berkeley_open(struct table *t, struct str *why)
{
    struct berkeley *b = t->state = mem_zalloc(sizeof(*b));
    bool is_writer = (t->flags & TABLE_WRITE) != 0;

    t->path = mem_printf("%s.db", t->name);
    table_set_label(t, t->path);
    if (!open_lock(t) && !((t->flags & TABLE_CREATE) != 0 && errno == ENOENT))
        return fail(t, errno, why);
    if ((t->flags & TABLE_CREATE) != 0 && t->lock_fd >= 0)
        remove_empty(t);
    int error = db_create(&b->db, NULL, 0);
    if (error == 0)
        b->db->set_errcall(b->db, say_nothing);
    if (error == 0)
        error = open_db(t, b->db);
    if (error == 0 && t->lock_fd < 0 && !open_lock(t))
        error = errno;
    if (error != 0)
        return fail(t, error, why);
    if (is_writer)
        b->db->sync(b->db, 0); /* the file that others find is never without its first page */
    if ((t->flags & TABLE_CREATE) == 0)
        older_warn(t->path, t->name);
    table_unlock(t);
    return true;
}

static void berkeley_close(struct table *t)
{
    struct berkeley *b = t->state;

    if (b->cursor != NULL)
        b->cursor->c_close(b->cursor);
    int error = b->db == NULL ? 0 : b->db->close(b->db, 0);
    if (error != 0)
        log_warn("close database %s: %s", t->path, strerror(error));
    mem_free(b);
}

static DBT bytes(const char *text, size_t n)
{
    return (DBT){.data = (void *) text, .size = (uint32_t) n};
}

static void warn_of(struct table *t, const char *doing, int error)
{
    t->error = error > 0 ? error : -1; /* the library has errors of its own */
    log_warn("error %s %s: %s", doing, t->path, strerror(error));
}

static enum table_result berkeley_find(struct table *t, const char *key, size_t len, struct str *value)
{
    struct berkeley *b = t->state;

    for (size_t i = 0; i < ARRAY_SIZE(table_ways); i++) {
        if ((t->flags & table_ways[i]) == 0)
            continue;
        DBT k = bytes(key, len + (table_ways[i] == TABLE_WITH_NUL)), v = {0};
        int error = b->db->get(b->db, NULL, &k, &v, 0);
        if (error == DB_NOTFOUND)
            continue;
        if (error != 0) {
            warn_of(t, "reading", error);
            return TABLE_ERROR;
        }
        str_add(value, v.data, strnlen(v.data, v.size));
        table_settle_way(t, table_ways[i]);
        return TABLE_FOUND;
    }
    return TABLE_ABSENT;
}

static enum table_put berkeley_sync(struct table *t)
{
    struct berkeley *b = t->state;
    int error = b->db->sync(b->db, 0);

    if (error != 0)
        warn_of(t, "writing", error);
    return error == 0 ? TABLE_STORED : TABLE_FAILED;
}

/* Who holds the lock over many changes says when to write them. */
static enum table_put sync_change(struct table *t)
{
    return (t->flags & TABLE_LOCK) != 0 ? TABLE_STORED : berkeley_sync(t);
}

static enum table_put berkeley_put(struct table *t, const char *key, const char *value, bool is_bare)
{
    struct berkeley *b = t->state;
    size_t nul = !is_bare && (t->flags & TABLE_WITH_NUL) != 0;
    DBT k = bytes(key, strlen(key) + nul), v = bytes(value, strlen(value) + nul);

    if (!is_bare)
        table_settle_way(t, nul ? TABLE_WITH_NUL : TABLE_WITHOUT_NUL);
    int error = b->db->put(b->db, NULL, &k, &v, (t->flags & TABLE_DUP_REPLACE) != 0 ? 0 : DB_NOOVERWRITE);
    if (error == DB_KEYEXIST) {
        if ((t->flags & TABLE_DUP_IGNORE) == 0)
            log_warn("%s: duplicate entry: \"%s\"", t->path, key);
        return TABLE_EXISTS;
    }
    if (error != 0)
        warn_of(t, "writing", error);
    return error == 0 ? sync_change(t) : TABLE_FAILED;
}

static enum table_result berkeley_remove(struct table *t, const char *key, size_t len)
{
    struct berkeley *b = t->state;

    for (size_t i = 0; i < ARRAY_SIZE(table_ways); i++) {
        if ((t->flags & table_ways[i]) == 0)
            continue;
        DBT k = bytes(key, len + (table_ways[i] == TABLE_WITH_NUL));
        int error = b->db->del(b->db, NULL, &k, 0);
        if (error == DB_NOTFOUND)
            continue;
        if (error != 0) {
            warn_of(t, "deleting from", error);
            return TABLE_ERROR;
        }
        table_settle_way(t, table_ways[i]);
        return sync_change(t) == TABLE_STORED ? TABLE_FOUND : TABLE_ERROR;
    }
    return TABLE_ABSENT;
}

static enum table_result berkeley_next(struct table *t, bool from_start, struct str *key, struct str *value)
{
    struct berkeley *b = t->state;
    DBT k = {0}, v = {0};
    int error = 0;

    if (b->cursor == NULL)
        error = b->db->cursor(b->db, NULL, &b->cursor, 0);
    if (error == 0)
        error = b->cursor->c_get(b->cursor, &k, &v, from_start ? DB_FIRST : DB_NEXT);
    if (error == DB_NOTFOUND)
        return TABLE_ABSENT;
    if (error != 0) {
        warn_of(t, "seeking", error);
        return TABLE_ERROR;
    }
    str_add(key, k.data, strnlen(k.data, k.size));
    str_add(value, v.data, strnlen(v.data, v.size));
    return TABLE_FOUND;
}

const struct type_ops berkeley_ops = {.open = berkeley_open,
    .close = berkeley_close,
    .find = berkeley_find,
    .put = berkeley_put,
    .sync = berkeley_sync,
    .remove = berkeley_remove,
    .next = berkeley_next};
#endif
