#include "table/cache.h"

#include <stdlib.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/task.h"

enum { LOOKED_AT_ONCE = 100 };

#define LAST_CLEANUP "_LAST_CACHE_CLEANUP_COMPLETED_" /* its value: when */

struct cache {
    struct table *table;
    struct turn_end sync;
    struct timer due;           /* the next cleanup */
    msec interval;
    cache_is_good *is_good;
    bool is_cleaning;
    unsigned long retained, dropped; /* by the cleanup that is under way */
};

static void sync_now(void *arg)
{
    struct cache *c = arg;

    table_sync(c->table);
}

struct cache *cache_open(const char *name)
{
    struct cache *c = mem_zalloc(sizeof(*c));

    c->table = table_open(name, TABLE_WRITE | TABLE_CREATE | TABLE_LOCK | TABLE_DUP_REPLACE);
    const char *why = table_error(c->table);
    if (why != NULL)
        fatal("%s", why);
    if (!table_can_change(c->table) || !table_can_list(c->table))
        fatal("table %s cannot be used as a cache", name);
    c->sync = (struct turn_end){.run = sync_now, .arg = c};
    return c;
}

static void report(const struct cache *c, const char *kind)
{
    log_info("cache %s %s cleanup: retained=%lu dropped=%lu entries", table_name(c->table), kind, c->retained,
        c->dropped);
}

void cache_close(struct cache *c)
{
    if (c == NULL)
        return;
    if (c->is_cleaning)
        report(c, "partial");
    timer_stop(&c->due);
    loop_not_at_turn_end(&c->sync);
    table_sync(c->table);
    table_close(c->table);
    mem_free(c);
}

enum table_result cache_find(struct cache *c, const char *key, struct str *value)
{
    return table_find(c->table, key, value);
}

bool cache_put(struct cache *c, const char *key, const char *value)
{
    enum table_put result = table_put(c->table, key, value);

    loop_at_turn_end(&c->sync, TURN_STORE);
    if (result == TABLE_START_OVER) /* others of this turn are lost, which does no harm to a cache */
        result = table_put(c->table, key, value);
    return result == TABLE_STORED;
}

enum table_result cache_delete(struct cache *c, const char *key)
{
    loop_at_turn_end(&c->sync, TURN_STORE);
    return table_delete(c->table, key);
}

/* --- cleanup --- */

static void look_at(struct cache *c, const char *key, const char *value)
{
    if (strcmp(key, LAST_CLEANUP) == 0)
        return;
    if (c->is_good(key, value))
        c->retained++;
    else if (cache_delete(c, key) != TABLE_ERROR)
        c->dropped++;
}

static void clean(void *arg)
{
    struct cache *c = arg;
    struct str key = {0}, value = {0};
    enum table_result result = TABLE_FOUND;
    unsigned long count = 0;

    c->retained = c->dropped = 0;
    c->is_cleaning = true;
    while (!task_is_cancelled() && (result = table_next(c->table, count == 0, &key, &value)) == TABLE_FOUND) {
        look_at(c, str_text(&key), str_text(&value));
        if (++count % LOOKED_AT_ONCE == 0)
            task_yield();
    }
    c->is_cleaning = false;
    report(c, result == TABLE_ABSENT ? "full" : "partial");
    str_setf(&value, "%lld", (long long) clock_seconds());
    if (result == TABLE_ABSENT)
        cache_put(c, LAST_CLEANUP, str_text(&value));
    timer_set(&c->due, clock_after(c->interval));
    str_done(&key);
    str_done(&value);
}

static void is_due(void *arg)
{
    task_start(clean, arg);
}

/* How long until the next cleanup. A time ahead of ours is a clock that was wrong. */
static msec remaining(struct cache *c)
{
    struct str value = {0};
    msec rest = 0;

    if (cache_find(c, LAST_CLEANUP, &value) == TABLE_FOUND) {
        msec since = ((msec) clock_seconds() - strtoll(str_text(&value), NULL, 10)) * 1000;
        rest = since >= 0 && since < c->interval ? c->interval - since : 0;
    }
    str_done(&value);
    return rest;
}

static void begin(void *arg)
{
    struct cache *c = arg;

    timer_set(&c->due, clock_after(remaining(c)));
}

void cache_clean(struct cache *c, int interval_s, cache_is_good *is_good)
{
    if (interval_s == 0)
        return;
    c->interval = (msec) interval_s * 1000;
    c->is_good = is_good;
    c->due = (struct timer){.fire = is_due, .arg = c};
    task_start(begin, c);
}
