#include "table/cache.h"

#include "base/clock.h"
#include "base/loop.h"
#include "base/task.h"
#include "config/config.h"
#include "tests/unit/table/capture.h"

enum { NOW = 1795324926 };

static const char *const types[] = {
    "internal:cache",
#ifdef WITH_DB
    "hash:cache", "btree:cache",
#endif
#ifdef WITH_LMDB
    "lmdb:cache",
#endif
};

static bool is_good(const char *key, const char *value)
{
    assert_int_equal(key[0], value[0]);
    return value[0] == 'g';
}

static void put_entries(struct cache *c)
{
    char text[16];

    for (int i = 0; i < 500; i++) {
        snprintf(text, sizeof(text), "%c%d", i % 5 == 0 ? 'g' : 'b', i);
        assert_true(cache_put(c, text, text));
    }
    assert_true(cache_put(c, "g0", "g-replaced"));
}

enum { LONG_ENOUGH_MS = 200 };

static void stop(void *arg)
{
    (void) arg;
    for (int i = 0; i < LONG_ENOUGH_MS && captured.len == 0; i++)
        task_sleep(1);
    loop_stop();
}

static void clean(struct cache *c)
{
    cache_clean(c, 3600, is_good);
    task_start(stop, NULL);
    loop_run();
}

static void check_entries(struct cache *c, const char *what)
{
    struct str value = {0};

    assert_int_equal(cache_find(c, "g0", &value), TABLE_FOUND);
    assert_string_equal(str_text(&value), "g-replaced");
    assert_int_equal(cache_find(c, "g495", &value), TABLE_FOUND);
    assert_int_equal(cache_find(c, "b1", &value), TABLE_ABSENT);
    assert_int_equal(cache_find(c, "b499", &value), TABLE_ABSENT);
    if (cache_find(c, "_LAST_CACHE_CLEANUP_COMPLETED_", &value) != TABLE_FOUND)
        fail_msg("%s: not finished", what);
    assert_int_equal(cache_delete(c, "g5"), TABLE_FOUND);
    assert_int_equal(cache_delete(c, "g5"), TABLE_ABSENT);
    str_done(&value);
}

/* In memory and in each kind of file: what is put is found, what is not good any more goes, and what
 * is in a file is there the next time. */
static void entries_stay_until_they_are_cleaned(void **state)
{
    char want[100];

    (void) state;
    capture_enter_dir();
    for (size_t i = 0; i < ARRAY_SIZE(types); i++) {
        struct cache *c = cache_open(types[i]);
        put_entries(c);
        clean(c);
        snprintf(want, sizeof(want), "cache %s full cleanup: retained=100 dropped=400 entries", types[i]);
        assert_string_equal(capture_take(), want);
        check_entries(c, types[i]);
        cache_close(c);
        if (i == 0)
            continue;
        struct str value = {0};
        c = cache_open(types[i]);
        assert_int_equal(cache_find(c, "g495", &value), TABLE_FOUND);
        assert_int_equal(cache_find(c, "g5", &value), TABLE_ABSENT);
        clean(c); /* the last time was a moment ago */
        assert_string_equal(capture_take(), "");
        cache_close(c);
        str_done(&value);
        remove("cache.db");
        remove("cache.lmdb");
    }
}

static int set_up(void **state)
{
    conf.berkeley_db_create_buffer_size = 131072;
    return capture_setup(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(entries_stay_until_they_are_cleaned)};

    return cmocka_run_group_tests(tests, set_up, capture_teardown);
}
