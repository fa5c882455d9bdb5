/* proxy:type:name: the table type:name, opened by this process.
 *
 * Postfix opens it in proxymap(8), outside the chroot and with that service's rights, if proxy_read_maps or
 * proxy_write_maps names it. Here every table is opened before the chroot and seen as it changes, so one
 * in a file gains nothing by the way round; it needs no approval either, as this process has its own
 * rights only. Its proxymap takes proxy: in front of proxy: as one, which is refused here. */
#include "table/parts.h"
#include "table/type.h"
#include "table/types.h"

static bool proxy_open(struct table *t, struct str *why)
{
    if ((t->flags & TABLE_NO_PROXY) != 0) {
        str_setf(why, "proxy:%s map is not allowed for security-sensitive data", t->name);
        return false;
    }
    if (strncmp(t->name, "proxy:", strlen("proxy:")) == 0) {
        str_setf(why, "bad syntax: \"proxy:%s\"; need \"proxy:type:name\"", t->name);
        return false;
    }
    parts_open_one(t);
    return true;
}

static void proxy_close(struct table *t)
{
    table_close(t->state);
}

static enum table_result proxy_find(struct table *t, const char *key, size_t len, struct str *value)
{
    (void) len;
    return table_find(t->state, key, value);
}

static enum table_put proxy_put(struct table *t, const char *key, const char *value, bool is_bare)
{
    return is_bare ? table_put_bare(t->state, key, value) : table_put(t->state, key, value);
}

static enum table_put proxy_sync(struct table *t)
{
    return table_sync(t->state);
}

static enum table_result proxy_remove(struct table *t, const char *key, size_t len)
{
    (void) len;
    return table_delete(t->state, key);
}

static enum table_result proxy_next(struct table *t, bool from_start, struct str *key, struct str *value)
{
    return table_next(t->state, from_start, key, value);
}

const struct type_ops proxy_ops = {.open = proxy_open,
    .close = proxy_close,
    .find = proxy_find,
    .put = proxy_put,
    .sync = proxy_sync,
    .remove = proxy_remove,
    .next = proxy_next};
