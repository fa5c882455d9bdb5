#include "table/table.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/task.h"
#include "base/utf8.h"
#include "config/config.h"
#include "table/changes.h"
#include "table/key.h"
#include "table/proxy.h"
#include "table/type.h"

enum {
    CHECK_MS = 250,      /* how often the file behind a table is looked at, if at all */
    LOCK_PAUSE_MS = 20   /* how long to leave a lock to its holder before asking again */
};

static struct hash tables;      /* "flags type:name" -> struct table: opened twice, shared */
static const char *stale_table; /* see table_stale() */

static void shut(struct table *t)
{
    if (t->is_open)
        t->type->ops->close(t);
    t->is_open = false;
    t->state = NULL;
    if (t->lock_fd >= 0)
        close(t->lock_fd);
    if (t->watch_fd >= 0)
        close(t->watch_fd);
    t->lock_fd = t->watch_fd = -1;
    mem_free(t->path);
    mem_free(t->server);
    t->path = t->server = NULL;
}

void table_set_label(struct table *t, const char *path)
{
    mem_free(t->label);
    t->label = mem_printf("%s:%s", t->type->name, path);
}

const int table_ways[2] = {TABLE_WITH_NUL, TABLE_WITHOUT_NUL};

void table_settle_way(struct table *t, int way)
{
    t->flags &= ~(TABLE_WITH_NUL | TABLE_WITHOUT_NUL);
    t->flags |= way;
}

/* False: t->why. */
static bool is_allowed(struct table *t)
{
    if ((t->traits & TYPE_READ_ONLY) != 0 && (t->flags & TABLE_WRITE) != 0)
        str_setf(&t->why, "%s map requires O_RDONLY access mode", t->full_name);
    else if ((t->traits & TYPE_UNTRUSTED) != 0 && (t->flags & TABLE_NO_PROXY) != 0)
        str_setf(&t->why, "%s map is not allowed for security-sensitive data", t->full_name);
    return t->why.len == 0;
}

/* False: t->why. */
static bool try_open(struct table *t)
{
    t->flags |= (t->flags & (TABLE_WITH_NUL | TABLE_WITHOUT_NUL)) == 0 ? TABLE_WITH_NUL | TABLE_WITHOUT_NUL : 0;
    t->traits = t->type->traits;
    str_clear(&t->why);
    if (!is_allowed(t))
        return false;
    t->is_opening = true;
    t->is_open = t->type->ops->open(t, &t->why);
    t->is_opening = false;
    t->check_at = clock_after(CHECK_MS);
    if (t->is_open) {
        changes_begin(t);
        return true;
    }
    t->is_open = true; /* for shut() to release what is half open */
    shut(t);
    table_set_label(t, t->name);
    return false;
}

/* "type:name" taken apart. False: t->why. */
static bool find_type(struct table *t)
{
    const char *colon = strchr(t->full_name, ':');

    if (colon == NULL || colon == t->full_name || colon[1] == 0) {
        str_setf(&t->why, "open dictionary: expecting \"type:name\" form instead of \"%s\"", t->full_name);
        return false;
    }
    t->name = colon + 1;
    t->type = types_find(t->full_name, (size_t) (colon - t->full_name));
    if (t->type == NULL) {
        str_setf(&t->why, "unsupported dictionary type: %.*s", (int) (colon - t->full_name), t->full_name);
        return false;
    }
    t->type = proxy_instead(t->type, t->flags);
    table_set_label(t, t->name);
    return true;
}

struct table *table_open(const char *name, int flags)
{
    char *key = mem_printf("%x %s", (unsigned) flags, name);
    struct hash_entry *e = hash_slot(&tables, key, strlen(key));
    struct table *t = e->value;

    mem_free(key);
    if (t != NULL) {
        t->references++;
        return t;
    }
    t = e->value = mem_zalloc(sizeof(*t));
    t->flags = flags;
    t->lock_fd = t->watch_fd = -1;
    t->references = 1;
    t->full_name = mem_strdup(name);
    if (find_type(t) && try_open(t))
        return t;
    if (conf.daemon_table_open_error_is_fatal)
        fatal("%s", str_text(&t->why));
    log_error("%s", str_text(&t->why));
    return t;
}

static void forget(struct table *t)
{
    struct hash_entry *e = NULL;

    while ((e = hash_next(&tables, e)) != NULL)
        if (e->value == t) {
            hash_removen(&tables, e->key, e->key_len);
            return;
        }
}

void table_close(struct table *t)
{
    if (t == NULL || --t->references > 0)
        return;
    forget(t);
    if (stale_table == t->full_name)
        stale_table = NULL;
    if (t->type != NULL)
        shut(t);
    str_done(&t->why);
    mem_free(t->label);
    mem_free(t->full_name);
    mem_free(t);
}

const char *table_name(const struct table *t)
{
    return t->full_name;
}

const char *table_label(const struct table *t)
{
    return t->label != NULL ? t->label : t->full_name;
}

bool table_is_pattern(const struct table *t)
{
    return (t->traits & TYPE_PATTERN) != 0;
}

uid_t table_owner(const struct table *t)
{
    return t->owner;
}

const char *table_error(const struct table *t)
{
    return t->is_open ? NULL : str_text(&t->why);
}

const char *table_cause(const struct table *t)
{
    static char text[128];

    if (t->error == 0)
        return "";
    snprintf(text, sizeof(text), ": %s", t->error < 0 ? "Application error" : strerror(t->error));
    return text;
}

const char *table_stale(void)
{
    return stale_table;
}

/* The file is not the one that was opened: what a new process would see, or what we have. Text
 * that is in memory goes on being used until a process that may open the file takes our place. */
static void open_anew(struct table *t)
{
    bool was_open = t->is_open;

    if (was_open && access(t->path, R_OK) < 0 && t->lock_fd < 0) {
        stale_table = t->full_name;
        return;
    }
    shut(t);
    if (!try_open(t) && was_open) {
        log_error("%s", str_text(&t->why));
        stale_table = t->full_name;
    }
}

/* Now and then, look whether the file changed, or can be opened now. False: the table is not open. */
static bool refresh(struct table *t)
{
    while (t->is_opening)
        task_sleep(LOCK_PAUSE_MS);
    if (t->type == NULL || (t->is_open && (t->path == NULL || (t->flags & TABLE_WRITE) != 0)))
        return t->is_open;
    if (clock_now() < t->check_at)
        return t->is_open;
    t->check_at = clock_after(CHECK_MS);
    if (t->is_open && !changes_is_due(t))
        return true;
    open_anew(t);
    return t->is_open;
}

/* Never waits in the kernel: other sessions go on while postmap writes. */
static int try_lock(const struct table *t, int how)
{
    short type = how == LOCK_UN ? F_UNLCK : how == LOCK_EX ? F_WRLCK : F_RDLCK;
    struct flock whole = {.l_type = type, .l_whence = SEEK_SET};

    if ((t->traits & TYPE_FCNTL) == 0)
        return flock(t->lock_fd, how | LOCK_NB);
    return fcntl(t->lock_fd, F_SETLK, &whole);
}

void table_unlock(struct table *t)
{
    if (t->lock_fd >= 0 && (t->flags & TABLE_LOCK) == 0)
        try_lock(t, LOCK_UN);
}

static bool is_lock_busy(void)
{
    return errno == EWOULDBLOCK || errno == EACCES || errno == EAGAIN || errno == EINTR;
}

bool table_lock(struct table *t, bool is_exclusive)
{
    while (try_lock(t, is_exclusive ? LOCK_EX : LOCK_SH) < 0) {
        if (!is_lock_busy())
            return false;
        task_sleep(LOCK_PAUSE_MS);
    }
    return true;
}

/* Open and locked, and the file is the one that was opened. Nothing waits from here to unlock(),
 * but what a type's own operation waits for. False: the reason was logged. */
static bool enter(struct table *t, bool is_exclusive)
{
    for (;;) {
        if (!refresh(t)) {
            log_warn("%s is unavailable. %s", t->full_name, str_text(&t->why));
            return false;
        }
        if (t->lock_fd < 0 || (t->flags & TABLE_LOCK) != 0)
            return true;
        if (try_lock(t, is_exclusive ? LOCK_EX : LOCK_SH) < 0) {
            if (!is_lock_busy()) {
                log_warn("%s: lock dictionary: %s", table_label(t), strerror(errno));
                return false;
            }
            task_sleep(LOCK_PAUSE_MS);
            continue;
        }
        if ((t->traits & TYPE_LIVE) != 0 || (t->flags & TABLE_WRITE) != 0 || t->compared_at == clock_now())
            return true;
        t->compared_at = clock_now(); /* once in a turn of the loop is enough */
        if (changes_is_same(t))
            return true;
        open_anew(t);
    }
}

static bool is_utf8_key(const struct table *t, const char *key, size_t len)
{
    if ((t->flags & TABLE_UTF8) == 0 || utf8_is_valid(key, len))
        return true;
    log_warn("%s: non-UTF-8 key \"%s\": malformed UTF-8 or invalid codepoint", table_label(t), key);
    return false;
}

static bool is_utf8_value(const struct table *t, const char *key, const struct str *value)
{
    if ((t->flags & TABLE_UTF8) == 0 || utf8_is_valid(str_text(value), value->len))
        return true;
    log_warn("%s: key \"%s\": non-UTF-8 value \"%s\": malformed UTF-8 or invalid codepoint", table_label(t), key,
        str_text(value));
    return false;
}

/* The key as the type is asked for it: itself or folded. */
static const char *ready_key(const struct table *t, const char *key, size_t *len, char buffer[KEY_SHORT],
    struct str *spill)
{
    if ((t->flags & TABLE_FOLD) == 0 || (t->traits & TYPE_PATTERN) != 0)
        return key;
    return key_folded(key, len, (t->flags & TABLE_UTF8) != 0, buffer, spill);
}

enum table_result table_find(struct table *t, const char *key, struct str *value)
{
    char buffer[KEY_SHORT];
    struct str spill = {0};
    size_t len = strlen(key);

    str_clear(value);
    if (!is_utf8_key(t, key, len))
        return TABLE_ABSENT;
    if (!enter(t, false))
        return TABLE_ERROR;
    const char *ready = ready_key(t, key, &len, buffer, &spill);
    enum table_result result = t->type->ops->find(t, ready, len, value);
    table_unlock(t);
    if (result == TABLE_FOUND && !is_utf8_value(t, ready, value)) {
        t->error = 0;
        result = TABLE_ERROR;
    }
    str_done(&spill);
    return result;
}

static enum table_put put(struct table *t, const char *key, const char *value, bool is_bare)
{
    char buffer[KEY_SHORT];
    struct str spill = {0};
    size_t len = strlen(key);

    if (t->is_open && t->type->ops->put == NULL) {
        log_warn("table %s: update operation is not supported", t->full_name);
        return TABLE_FAILED;
    }
    if (!is_utf8_key(t, key, len) || !enter(t, true))
        return TABLE_FAILED;
    int flags = t->flags;
    if (is_bare)
        t->flags |= TABLE_DUP_REPLACE;
    const char *ready = is_bare ? key : ready_key(t, key, &len, buffer, &spill);
    enum table_put result = t->type->ops->put(t, ready, value, is_bare);
    t->flags = flags;
    table_unlock(t);
    str_done(&spill);
    return result;
}

enum table_put table_put(struct table *t, const char *key, const char *value)
{
    return put(t, key, value, false);
}

enum table_put table_put_bare(struct table *t, const char *key, const char *value)
{
    return put(t, key, value, true);
}

enum table_put table_sync(struct table *t)
{
    if (!t->is_open)
        return TABLE_FAILED;
    return t->type->ops->sync == NULL ? TABLE_STORED : t->type->ops->sync(t);
}

enum table_result table_delete(struct table *t, const char *key)
{
    char buffer[KEY_SHORT];
    struct str spill = {0};
    size_t len = strlen(key);

    if (t->is_open && t->type->ops->remove == NULL) {
        log_warn("table %s: delete operation is not supported", t->full_name);
        return TABLE_ERROR;
    }
    if (!is_utf8_key(t, key, len))
        return TABLE_ABSENT;
    if (!enter(t, true))
        return TABLE_ERROR;
    const char *ready = ready_key(t, key, &len, buffer, &spill);
    enum table_result result = t->type->ops->remove(t, ready, len);
    table_unlock(t);
    str_done(&spill);
    return result;
}

enum table_result table_next(struct table *t, bool from_start, struct str *key, struct str *value)
{
    str_clear(key);
    str_clear(value);
    if (t->is_open && t->type->ops->next == NULL) {
        log_warn("table %s: sequence operation is not supported", t->full_name);
        return TABLE_ERROR;
    }
    if (!enter(t, false))
        return TABLE_ERROR;
    enum table_result result = t->type->ops->next(t, from_start, key, value);
    table_unlock(t);
    return result;
}

bool table_can_change(const struct table *t)
{
    return t->is_open && t->type->ops->put != NULL;
}

bool table_can_delete(const struct table *t)
{
    return t->is_open && t->type->ops->remove != NULL;
}

bool table_can_list(const struct table *t)
{
    return t->is_open && t->type->ops->next != NULL;
}

bool table_type_exists(const char *type)
{
    return types_find(type, strlen(type)) != NULL;
}

bool table_type_is_created(const char *type)
{
    const struct table_type *t = types_find(type, strlen(type));

    return t != NULL && (t->traits & TYPE_CREATED) != 0;
}

const char *const *table_types(void)
{
    static const char **names; /* made at the first call */
    size_t count;
    const struct table_type *types = types_all(&count);

    if (names != NULL)
        return names;
    names = mem_zalloc((count + 1) * sizeof(*names));
    for (size_t i = 0; i < count; i++)
        names[i] = types[i].name;
    return names;
}
