#include "tests/unit/table/capture.h"

#include "table/table.h"

enum { MAKER = TABLE_WRITE | TABLE_CREATE | TABLE_TRUNCATE | TABLE_LOCK };

static enum table_result find(const char *name, const char *key, struct str *value)
{
    struct table *t = table_open(name, TABLE_FOLD);
    enum table_result result = table_find(t, key, value);

    table_close(t);
    return result;
}

static void make(const char *value)
{
    struct table *t = table_open("cdb:db", MAKER | TABLE_FOLD);

    assert_null(table_error(t));
    assert_int_equal(table_put(t, "Key", value), TABLE_STORED);
    assert_int_equal(table_put(t, "KEY", "again"), TABLE_EXISTS);
    assert_string_equal(capture_take(), "warning: db: duplicate entry: \"key\"");
    assert_int_equal(table_sync(t), TABLE_STORED);
    table_close(t);
    assert_int_equal(access("db.cdb.tmp", F_OK), -1);
}

static void test_make(void **state)
{
    struct str value = {0};

    (void) state;
    make("one");
    assert_int_equal(find("cdb:db", "KEY", &value), TABLE_FOUND);
    assert_string_equal(str_text(&value), "one");
    make("two");
    assert_int_equal(find("cdb:db", "key", &value), TABLE_FOUND);
    assert_string_equal(str_text(&value), "two");
    assert_int_equal(find("cdb:db", "none", &value), TABLE_ABSENT);
    assert_string_equal(capture_take(), "");
    str_done(&value);
}

/* What is not finished takes nobody's place. */
static void test_unfinished(void **state)
{
    struct str value = {0};

    (void) state;
    make("one");
    struct table *t = table_open("cdb:db", MAKER);
    assert_int_equal(table_put(t, "key", "lost"), TABLE_STORED);
    assert_int_equal(find("cdb:db", "key", &value), TABLE_FOUND);
    table_close(t);
    assert_int_equal(access("db.cdb.tmp", F_OK), -1);
    assert_int_equal(find("cdb:db", "key", &value), TABLE_FOUND);
    assert_string_equal(str_text(&value), "one");
    str_done(&value);
}

/* A file that ends too early: an error, not an absent key. */
static void test_cut(void **state)
{
    struct str value = {0};
    struct stat st;

    (void) state;
    make("one");
    assert_int_equal(stat("db.cdb", &st), 0);
    for (off_t size = st.st_size - 1; size >= 0; size -= 7) {
        assert_int_equal(truncate("db.cdb", size), 0);
        assert_int_not_equal(find("cdb:db", "key", &value), TABLE_FOUND);
    }
    capture_take();
    assert_int_equal(truncate("db.cdb", 100), 0);
    assert_int_equal(find("cdb:db", "key", &value), TABLE_ERROR);
    assert_non_null(strstr(capture_take(), "error: dict_cdbq_open: unable to init db.cdb: Protocol error"));
    str_done(&value);
}

static int setup(void **state)
{
    capture_enter_dir();
    return capture_setup(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_make), cmocka_unit_test(test_unfinished), cmocka_unit_test(test_cut)};

    if (!table_type_exists("cdb"))
        return 0;
    return cmocka_run_group_tests(tests, setup, capture_teardown);
}
