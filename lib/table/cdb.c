/* cdb: constant databases, NAME.cdb, made anew as NAME.cdb.tmp, which then takes its place.
 *
 * Nobody ever sees one that is not complete, so readers lock nothing. Entries end in no NUL,
 * unless that is asked for. */
#ifdef WITH_CDB
#include <cdb.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "table/older.h"
#include "table/type.h"
#include "table/types.h"

enum { FILE_MODE = 0644 };

struct cdb_table {
    struct cdb reader;
    bool is_reader;
    struct cdb_make maker;
    bool is_maker;
    char *final_path; /* where the file goes that t->path names while it is made */
};

static bool fail(struct str *why, const char *doing, const char *path)
{
    str_setf(why, "%s %s: %s", doing, path, strerror(errno));
    return false;
}

static bool open_reader(struct table *t, struct cdb_table *c, struct str *why)
{
    int fd = open(t->path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return fail(why, "open database", t->path);
    c->is_reader = cdb_init(&c->reader, fd) == 0;
    int error = errno;
    close(fd); /* it is mapped */
    errno = error;
    if (!c->is_reader)
        return fail(why, "dict_cdbq_open: unable to init", t->path);
    older_warn(t->path, t->name);
    return true;
}

/* The new file, locked. While another writer had the lock, its file may have got the final name. */
static bool lock_new_file(struct table *t)
{
    struct stat ours, named;

    for (;;) {
        t->lock_fd = open(t->path, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, FILE_MODE);
        if (t->lock_fd < 0 || !table_lock(t, true) || fstat(t->lock_fd, &ours) < 0)
            return false;
        if (stat(t->path, &named) == 0 && named.st_ino == ours.st_ino && named.st_dev == ours.st_dev)
            return ftruncate(t->lock_fd, 0) == 0;
        close(t->lock_fd);
    }
}

static bool open_maker(struct table *t, struct cdb_table *c, struct str *why)
{
    if (!lock_new_file(t))
        return fail(why, "open database", t->path);
    c->is_maker = cdb_make_start(&c->maker, t->lock_fd) == 0;
    return c->is_maker || fail(why, "initialize", t->path);
}

static bool cdb_open(struct table *t, struct str *why)
{
    enum { NEW = TABLE_WRITE | TABLE_CREATE | TABLE_TRUNCATE };
    struct cdb_table *c = t->state = mem_zalloc(sizeof(*c));

    c->final_path = mem_printf("%s.cdb", t->name);
    table_set_label(t, c->final_path);
    if ((t->flags & TABLE_WRITE) == 0) {
        t->path = mem_strdup(c->final_path);
        return open_reader(t, c, why);
    }
    if ((t->flags & NEW) != NEW) {
        str_set(why, "dict_cdb_open: inappropriate open flags for cdb database"
                     " - specify O_RDONLY or O_WRONLY|O_CREAT|O_TRUNC");
        return false;
    }
    t->path = mem_printf("%s.tmp", c->final_path);
    return open_maker(t, c, why);
}

static void cdb_close(struct table *t)
{
    struct cdb_table *c = t->state;

    if (c->is_reader)
        cdb_free(&c->reader);
    if (c->is_maker) { /* it was not finished */
        cdb_make_finish(&c->maker); /* lets go of its memory */
        unlink(t->path);
    }
    mem_free(c->final_path);
    mem_free(c);
}

static void warn_of(struct table *t, const char *doing)
{
    t->error = errno;
    log_warn("error %s %s: %s", doing, t->path, strerror(t->error));
}

static enum table_result cdb_lookup(struct table *t, const char *key, size_t len, struct str *value)
{
    struct cdb_table *c = t->state;
    int found = 0;

    for (size_t i = 0; i < ARRAY_SIZE(table_ways) && found == 0; i++) {
        if ((t->flags & table_ways[i]) == 0)
            continue;
        found = cdb_find(&c->reader, key, (unsigned) (len + (table_ways[i] == TABLE_WITH_NUL)));
        if (found > 0)
            table_settle_way(t, table_ways[i]);
    }
    if (found == 0)
        return TABLE_ABSENT;
    unsigned size = cdb_datalen(&c->reader);
    const char *data = found < 0 ? NULL : cdb_get(&c->reader, size, cdb_datapos(&c->reader));
    if (data == NULL) {
        warn_of(t, "reading");
        return TABLE_ERROR;
    }
    str_add(value, data, strnlen(data, size));
    return TABLE_FOUND;
}

static enum table_put cdb_store(struct table *t, const char *key, const char *value, bool is_bare)
{
    struct cdb_table *c = t->state;
    unsigned nul = !is_bare && (t->flags & TABLE_WITHOUT_NUL) == 0;
    enum cdb_put_mode mode = (t->flags & TABLE_DUP_REPLACE) != 0 ? CDB_PUT_REPLACE : CDB_PUT_INSERT;
    int result = cdb_make_put(
        &c->maker, key, (unsigned) strlen(key) + nul, value, (unsigned) strlen(value) + nul, mode);

    if (result < 0) {
        warn_of(t, "writing");
        return TABLE_FAILED;
    }
    if (result == 0 || mode == CDB_PUT_REPLACE)
        return TABLE_STORED;
    if ((t->flags & TABLE_DUP_IGNORE) == 0)
        log_warn("%s: duplicate entry: \"%s\"", t->name, key);
    return TABLE_EXISTS;
}

/* The file is complete, on stable storage, and takes its place. */
static enum table_put cdb_sync(struct table *t)
{
    struct cdb_table *c = t->state;

    c->is_maker = false;
    if (cdb_make_finish(&c->maker) == 0 && fsync(t->lock_fd) == 0 && rename(t->path, c->final_path) == 0)
        return TABLE_STORED;
    warn_of(t, "writing");
    unlink(t->path);
    return TABLE_FAILED;
}

/* It can be neither listed nor changed, as in Postfix. */
const struct type_ops cdb_ops = {
    .open = cdb_open, .close = cdb_close, .find = cdb_lookup, .put = cdb_store, .sync = cdb_sync};
#endif
