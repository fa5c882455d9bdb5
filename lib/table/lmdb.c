/* lmdb: one unnamed database in NAME.lmdb, locked with fcntl(2) on the file itself, as Postfix
 * does: LMDB's own locks need a file that everybody may write.
 *
 * With TABLE_LOCK or TABLE_TRUNCATE all changes are one transaction, which table_sync() ends.
 * LMDB wants to be told a largest size; when it is reached, that is doubled.
 */
#ifdef WITH_LMDB
#include <errno.h>
#include <fcntl.h>
#include <lmdb.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "table/older.h"
#include "table/type.h"
#include "table/types.h"

enum { FILE_MODE = 0644, MAX_DOUBLINGS = 40 };

struct lmdb {
    MDB_env *env;
    MDB_dbi dbi;
    MDB_txn *reader;    /* reset between lookups */
    MDB_txn *bulk;      /* the one transaction of many changes; NULL: none has begun */
    bool is_bulk;       /* a change begins it */
    size_t size_limit;
    struct str last;    /* key that lmdb_next() gave last */
};

static bool is_emptied(const struct table *t)
{
    return (t->flags & TABLE_TRUNCATE) != 0;
}

/* The environment with room for what is there and as much again. */
static int open_env(struct table *t, struct lmdb *l)
{
    bool is_writer = (t->flags & TABLE_WRITE) != 0;
    struct stat st;
    int error = mdb_env_create(&l->env);

    if (error != 0)
        return error;
    l->size_limit = conf.lmdb_map_size > 0 ? (size_t) conf.lmdb_map_size : 1024 * 1024;
    if (fstat(t->lock_fd, &st) == 0)
        while (l->size_limit / 2 < (size_t) st.st_size)
            l->size_limit *= 2;
    if ((error = mdb_env_set_mapsize(l->env, l->size_limit)) != 0)
        return error;
    return mdb_env_open(l->env, t->path, MDB_NOSUBDIR | MDB_NOLOCK | (is_writer ? 0 : MDB_RDONLY), FILE_MODE);
}

/* Another process made the file larger: take its limit. */
static int begin(struct lmdb *l, unsigned flags, MDB_txn **txn)
{
    int error = mdb_txn_begin(l->env, NULL, flags, txn);

    if (error != MDB_MAP_RESIZED)
        return error;
    mdb_env_set_mapsize(l->env, 0);
    return mdb_txn_begin(l->env, NULL, flags, txn);
}

static int begin_bulk(const struct table *t, struct lmdb *l)
{
    int error = begin(l, 0, &l->bulk);

    return error == 0 && is_emptied(t) ? mdb_drop(l->bulk, l->dbi, 0) : error;
}

static void end_bulk(struct lmdb *l)
{
    if (l->bulk != NULL)
        mdb_txn_abort(l->bulk);
    l->bulk = NULL;
}

static int open_db(struct lmdb *l, bool is_writer)
{
    MDB_txn *txn;
    int error = begin(l, is_writer ? 0 : MDB_RDONLY, &txn);

    if (error != 0)
        return error;
    error = mdb_dbi_open(txn, NULL, 0, &l->dbi);
    int committed = mdb_txn_commit(txn);
    return error != 0 ? error : committed;
}

/* False: errno, or *error is one of LMDB's. */
static bool open_all(struct table *t, struct lmdb *l, int *error)
{
    bool is_writer = (t->flags & TABLE_WRITE) != 0;

    int access = (is_writer ? O_RDWR : O_RDONLY) | ((t->flags & TABLE_CREATE) != 0 ? O_CREAT : 0);

    t->lock_fd = open(t->path, access | O_CLOEXEC, FILE_MODE);
    if (t->lock_fd < 0 || !table_lock(t, is_writer)) {
        *error = errno;
        return false;
    }
    *error = open_env(t, l);
    if (*error == 0)
        *error = open_db(l, is_writer);
    l->is_bulk = is_writer && (t->flags & TABLE_LOCK) != 0;
    if (*error == 0 && is_emptied(t))
        *error = begin_bulk(t, l);
    if (*error == 0 && !is_writer && (*error = begin(l, MDB_RDONLY, &l->reader)) == 0)
        mdb_txn_reset(l->reader);
    return *error == 0;
}

static bool lmdb_open(struct table *t, struct str *why)
{
    struct lmdb *l = t->state = mem_zalloc(sizeof(*l));
    int error = 0;

    t->path = mem_printf("%s.lmdb", t->name);
    if (!open_all(t, l, &error)) {
        str_setf(why, "open database %s: %s", t->path, mdb_strerror(error));
        return false;
    }
    if ((t->flags & TABLE_CREATE) == 0)
        older_warn(t->path, t->name);
    table_unlock(t);
    return true;
}

static void lmdb_close(struct table *t)
{
    struct lmdb *l = t->state;

    if (l->reader != NULL)
        mdb_txn_abort(l->reader);
    end_bulk(l);
    if (l->env != NULL)
        mdb_env_close(l->env);
    str_done(&l->last);
    mem_free(l);
}

static void warn_of(struct table *t, const char *doing, int error)
{
    t->error = error > 0 ? error : -1; /* the library has errors of its own */
    log_warn("error %s %s: %s", doing, t->path, mdb_strerror(error));
}

/* A transaction to read in; give it to end_read(). */
static int begin_read(struct lmdb *l, MDB_txn **txn)
{
    *txn = l->bulk;
    if (l->bulk != NULL)
        return 0;
    if (l->reader == NULL) /* a writer reads seldom */
        return begin(l, MDB_RDONLY, txn);
    *txn = l->reader;
    int error = mdb_txn_renew(l->reader);
    if (error != MDB_MAP_RESIZED)
        return error;
    mdb_env_set_mapsize(l->env, 0);
    return mdb_txn_renew(l->reader);
}

static void end_read(struct lmdb *l, MDB_txn *txn)
{
    if (txn == l->reader)
        mdb_txn_reset(txn);
    else if (txn != l->bulk)
        mdb_txn_abort(txn);
}

static MDB_val bytes(const char *text, size_t n)
{
    return (MDB_val){.mv_data = (void *) text, .mv_size = n};
}

/* LMDB refuses, rather than not finds, what cannot be in a file. */
static bool may_be_key(const struct lmdb *l, const MDB_val *key)
{
    return key->mv_size > 0 && key->mv_size <= (size_t) mdb_env_get_maxkeysize(l->env);
}

static void add(struct str *out, const MDB_val *v)
{
    str_add(out, v->mv_data, strnlen(v->mv_data, v->mv_size));
}

static enum table_result lmdb_find(struct table *t, const char *key, size_t len, struct str *value)
{
    struct lmdb *l = t->state;
    MDB_txn *txn;
    MDB_val v;
    int error = begin_read(l, &txn);

    if (error != 0) {
        warn_of(t, "reading", error);
        return TABLE_ERROR;
    }
    error = MDB_NOTFOUND;
    for (size_t i = 0; i < ARRAY_SIZE(table_ways) && error == MDB_NOTFOUND; i++) {
        if ((t->flags & table_ways[i]) == 0)
            continue;
        MDB_val k = bytes(key, len + (table_ways[i] == TABLE_WITH_NUL));
        error = may_be_key(l, &k) ? mdb_get(txn, l->dbi, &k, &v) : MDB_NOTFOUND;
        if (error == 0) {
            add(value, &v);
            table_settle_way(t, table_ways[i]);
        }
    }
    end_read(l, txn);
    if (error != 0 && error != MDB_NOTFOUND)
        warn_of(t, "reading", error);
    return error == 0 ? TABLE_FOUND : error == MDB_NOTFOUND ? TABLE_ABSENT : TABLE_ERROR;
}

/* One change as a transaction of its own, or as part of the one there is. */
static int change(struct lmdb *l, int (*apply)(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, void *arg), MDB_val *key,
    void *arg)
{
    MDB_txn *txn = l->bulk;
    int error = txn != NULL ? 0 : begin(l, 0, &txn);

    if (error != 0)
        return error;
    if (l->is_bulk)
        l->bulk = txn;
    error = apply(txn, l->dbi, key, arg);
    if (l->bulk != NULL)
        return error;
    if (error == 0)
        return mdb_txn_commit(txn);
    mdb_txn_abort(txn);
    return error;
}

static int enlarge(struct table *t, struct lmdb *l)
{
    MDB_envinfo info;

    mdb_env_info(l->env, &info);
    l->size_limit = info.me_mapsize * 2;
    log_info("database %s: using size limit %zu after MDB_MAP_FULL", table_label(t), l->size_limit);
    return mdb_env_set_mapsize(l->env, l->size_limit);
}

struct put {
    MDB_val value;
    unsigned flags;
};

static int apply_put(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, void *arg)
{
    struct put *p = arg;
    MDB_val value = p->value; /* MDB_NOOVERWRITE puts the old value there */

    return mdb_put(txn, dbi, key, &value, p->flags);
}

/* Out of room in the one transaction: it is lost, and begins again with more. */
static enum table_put start_over(struct table *t, struct lmdb *l)
{
    end_bulk(l);
    int error = enlarge(t, l);
    if (error == 0)
        error = begin_bulk(t, l);
    if (error == 0)
        return TABLE_START_OVER;
    warn_of(t, "writing", error);
    return TABLE_FAILED;
}

static enum table_put lmdb_put(struct table *t, const char *key, const char *value, bool is_bare)
{
    struct lmdb *l = t->state;
    size_t nul = !is_bare && (t->flags & TABLE_WITH_NUL) != 0;
    MDB_val k = bytes(key, strlen(key) + nul);
    struct put p = {.value = bytes(value, strlen(value) + nul),
        .flags = (t->flags & TABLE_DUP_REPLACE) != 0 ? 0 : MDB_NOOVERWRITE};
    int error = MDB_MAP_FULL;

    if (!is_bare)
        table_settle_way(t, nul ? TABLE_WITH_NUL : TABLE_WITHOUT_NUL);
    for (int i = 0; i < MAX_DOUBLINGS && error == MDB_MAP_FULL; i++) {
        error = change(l, apply_put, &k, &p);
        if (error != MDB_MAP_FULL)
            break;
        if (l->bulk != NULL)
            return start_over(t, l);
        int enlarged = enlarge(t, l);
        if (enlarged != 0)
            error = enlarged;
    }
    if (error == MDB_KEYEXIST) {
        if ((t->flags & TABLE_DUP_IGNORE) == 0)
            log_warn("%s: duplicate entry: \"%s\"", table_label(t), key);
        return TABLE_EXISTS;
    }
    if (error != 0)
        warn_of(t, "writing", error);
    return error == 0 ? TABLE_STORED : TABLE_FAILED;
}

static enum table_put lmdb_sync(struct table *t)
{
    struct lmdb *l = t->state;
    int error = l->bulk != NULL ? mdb_txn_commit(l->bulk) : 0;

    l->bulk = NULL;
    if (error == MDB_MAP_FULL)
        return start_over(t, l);
    if (error != 0)
        warn_of(t, "writing", error);
    return error == 0 ? TABLE_STORED : TABLE_FAILED;
}

static int apply_remove(MDB_txn *txn, MDB_dbi dbi, MDB_val *key, void *arg)
{
    (void) arg;
    return mdb_del(txn, dbi, key, NULL);
}

static enum table_result lmdb_remove(struct table *t, const char *key, size_t len)
{
    struct lmdb *l = t->state;

    for (size_t i = 0; i < ARRAY_SIZE(table_ways); i++) {
        MDB_val k = bytes(key, len + (table_ways[i] == TABLE_WITH_NUL));
        if ((t->flags & table_ways[i]) == 0 || !may_be_key(l, &k))
            continue;
        int error = change(l, apply_remove, &k, NULL);
        if (error == MDB_NOTFOUND)
            continue;
        if (error != 0) {
            warn_of(t, "deleting from", error);
            end_bulk(l);
            if (error == MDB_MAP_FULL)
                enlarge(t, l);
            return TABLE_ERROR;
        }
        table_settle_way(t, table_ways[i]);
        return TABLE_FOUND;
    }
    return TABLE_ABSENT;
}

/* The entry behind the last one given, which may be gone meanwhile. */
static int seek(struct lmdb *l, MDB_cursor *cursor, bool from_start, MDB_val *key, MDB_val *value)
{
    if (from_start || l->last.len == 0)
        return from_start ? mdb_cursor_get(cursor, key, value, MDB_FIRST) : MDB_NOTFOUND;
    *key = bytes(l->last.data, l->last.len);
    int error = mdb_cursor_get(cursor, key, value, MDB_SET_RANGE);
    bool is_last = error == 0 && key->mv_size == l->last.len && memcmp(key->mv_data, l->last.data, l->last.len) == 0;
    return is_last ? mdb_cursor_get(cursor, key, value, MDB_NEXT) : error;
}

static enum table_result lmdb_next(struct table *t, bool from_start, struct str *key, struct str *value)
{
    struct lmdb *l = t->state;
    MDB_txn *txn;
    MDB_cursor *cursor;
    MDB_val k, v;
    int error = begin_read(l, &txn);

    if (error != 0) {
        warn_of(t, "reading", error);
        return TABLE_ERROR;
    }
    error = mdb_cursor_open(txn, l->dbi, &cursor);
    if (error == 0) {
        error = seek(l, cursor, from_start, &k, &v);
        str_clear(&l->last);
        if (error == 0) {
            str_add(&l->last, k.mv_data, k.mv_size);
            add(key, &k);
            add(value, &v);
        }
        mdb_cursor_close(cursor);
    }
    end_read(l, txn);
    if (error != 0 && error != MDB_NOTFOUND)
        warn_of(t, "reading", error);
    return error == 0 ? TABLE_FOUND : error == MDB_NOTFOUND ? TABLE_ABSENT : TABLE_ERROR;
}

const struct type_ops lmdb_ops = {.open = lmdb_open,
    .close = lmdb_close,
    .find = lmdb_find,
    .put = lmdb_put,
    .sync = lmdb_sync,
    .remove = lmdb_remove,
    .next = lmdb_next};
#endif
