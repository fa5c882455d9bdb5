/* debug:type:name: another table, each request to it logged. */
#include "base/log.h"
#include "table/parts.h"
#include "table/type.h"
#include "table/types.h"

static bool debug_open(struct table *t, struct str *why)
{
    if (strchr(t->name, ':') == NULL) {
        str_setf(why, "bad syntax: \"debug:%s\"; need \"debug:type:name\"", t->name);
        return false;
    }
    parts_open_one(t);
    return true;
}

static void debug_close(struct table *t)
{
    table_close(t->state);
}

static const char *what_came(enum table_result result, const char *found)
{
    switch (result) {
    case TABLE_FOUND:
        return found;
    case TABLE_ABSENT:
        return "not_found";
    case TABLE_ERROR:
        return "error";
    }
    panic("unknown table result");
}

static enum table_result debug_find(struct table *t, const char *key, size_t len, struct str *value)
{
    struct table *real = t->state;
    enum table_result result = table_find(real, key, value);

    (void) len;
    t->error = real->error;
    log_info("%s lookup: \"%s\" = \"%s\"", t->name, key, what_came(result, str_text(value)));
    return result;
}

static enum table_put debug_put(struct table *t, const char *key, const char *value, bool is_bare)
{
    log_info("%s update: \"%s\" = \"%s\"", t->name, key, value);
    return is_bare ? table_put_bare(t->state, key, value) : table_put(t->state, key, value);
}

static enum table_put debug_sync(struct table *t)
{
    return table_sync(t->state);
}

static enum table_result debug_remove(struct table *t, const char *key, size_t len)
{
    enum table_result result = table_delete(t->state, key);

    (void) len;
    log_info("%s delete: \"%s\" = \"%s\"", t->name, key, what_came(result, "success"));
    return result;
}

static enum table_result debug_next(struct table *t, bool from_start, struct str *key, struct str *value)
{
    enum table_result result = table_next(t->state, from_start, key, value);

    log_info("%s sequence: \"%s\" = \"%s\"", t->name, str_text(key), what_came(result, str_text(value)));
    return result;
}

const struct type_ops debug_ops = {.open = debug_open,
    .close = debug_close,
    .find = debug_find,
    .put = debug_put,
    .sync = debug_sync,
    .remove = debug_remove,
    .next = debug_next};
