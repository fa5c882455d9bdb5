/* fail: every request fails, for tests of what then happens. */
#include "table/type.h"
#include "table/types.h"

static bool fail_open(struct table *t, struct str *why)
{
    (void) t;
    (void) why;
    return true;
}

static void fail_close(struct table *t)
{
    (void) t;
}

static enum table_result fail_find(struct table *t, const char *key, size_t len, struct str *value)
{
    t->error = -1;
    (void) key;
    (void) len;
    (void) value;
    return TABLE_ERROR;
}

static enum table_put fail_put(struct table *t, const char *key, const char *value, bool is_bare)
{
    t->error = -1;
    (void) key;
    (void) value;
    (void) is_bare;
    return TABLE_FAILED;
}

static enum table_result fail_remove(struct table *t, const char *key, size_t len)
{
    t->error = -1;
    (void) key;
    (void) len;
    return TABLE_ERROR;
}

static enum table_result fail_next(struct table *t, bool from_start, struct str *key, struct str *value)
{
    t->error = -1;
    (void) from_start;
    (void) key;
    (void) value;
    return TABLE_ERROR;
}

const struct type_ops fail_ops = {.open = fail_open,
    .close = fail_close,
    .find = fail_find,
    .put = fail_put,
    .remove = fail_remove,
    .next = fail_next};
