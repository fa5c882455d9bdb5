#include "tests/unit/table/capture.h"

#include <fcntl.h>

#include "base/clock.h"
#include "base/mem.h"
#include "config/config.h"
#include "table/table.h"

static enum table_result find(struct table *t, const char *key, const char **text)
{
    static struct str value;
    enum table_result result = table_find(t, key, &value);

    *text = str_text(&value);
    return result;
}

#define assert_finds(t, key, want)                              \
    do {                                                        \
        const char *text_;                                      \
        assert_int_equal(find(t, key, &text_), TABLE_FOUND);    \
        assert_string_equal(text_, want);                       \
    } while (0)

static void test_shared(void **state)
{
    struct table *a = table_open("internal:shared", TABLE_WRITE), *b = table_open("internal:shared", TABLE_WRITE);
    struct table *other = table_open("internal:shared", TABLE_WRITE | TABLE_FOLD);

    (void) state;
    assert_ptr_equal(a, b);
    assert_ptr_not_equal(a, other);
    assert_int_equal(table_put(a, "k", "v"), TABLE_STORED);
    table_close(a);
    assert_finds(b, "k", "v");
    table_close(b);
    table_close(other);
    table_close(NULL);
}

/* Keys as they are, in lower case, in Unicode's lower case. */
static const struct {
    const char *what;
    int flags;
    const char *key;
    bool want;
} folds[] = {
    {"as it is", 0, "Key", false},
    {"ASCII", TABLE_FOLD, "KEY", true},
    {"no UTF-8, ASCII only", TABLE_FOLD, "\xc3\x84Y", false},
    {"UTF-8", TABLE_FOLD | TABLE_UTF8, "\xc3\x84Y", true},
    {"UTF-8, folding that makes it longer", TABLE_FOLD | TABLE_UTF8, "GRO\xe1\xba\x9e", true},
    {"UTF-8, not folded", TABLE_UTF8, "\xc3\x84Y", false},
    {"not UTF-8", TABLE_FOLD | TABLE_UTF8, "\xff", false},
};

static void test_folding(void **state)
{
    const char *text;

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(folds); i++) {
        struct table *t = table_open("inline:{key=1, \xc3\xa4y=1, gross=1}", folds[i].flags);
        print_message("%s\n", folds[i].what);
#ifndef WITH_ICU
        if ((folds[i].flags & TABLE_FOLD) != 0 && (folds[i].flags & TABLE_UTF8) != 0)
            continue;
#endif
        assert_int_equal(find(t, folds[i].key, &text), folds[i].want ? TABLE_FOUND : TABLE_ABSENT);
        table_close(t);
    }
    assert_non_null(strstr(capture_take(), "non-UTF-8 key \""));
}

static void test_long_keys(void **state)
{
    struct table *t = table_open("regexp:{{/(.*)/ $1}}", TABLE_FOLD), *folded = table_open("internal:l", TABLE_FOLD | TABLE_WRITE);
    struct str key = {0};
    const char *text;

    (void) state;
    for (int i = 0; i < 1000; i++)
        str_addc(&key, 'A');
    assert_finds(t, str_text(&key), str_text(&key));
    table_put(folded, str_text(&key), "x");
    assert_finds(folded, str_text(&key), "x");
    str_lower(&key);
    assert_finds(folded, str_text(&key), "x");
    str_addc(&key, 'a');
    assert_int_equal(find(folded, str_text(&key), &text), TABLE_ABSENT);
    table_close(t);
    table_close(folded);
    str_done(&key);
}

static void test_utf8_values(void **state)
{
    struct table *t = table_open("static:\xff", TABLE_UTF8);
    const char *text;

    (void) state;
    assert_int_equal(find(t, "k", &text), TABLE_ERROR);
    assert_non_null(strstr(capture_take(), "warning: static:"));
    table_close(t);
}

static void test_texthash(void **state)
{
    (void) state;
    capture_write("source", "a b\nfoo\n\"x y\" z\nk: v\nA dup\n \"bad\n\"q\n\"k\" v w  \n\"k\"v\n# c\nm 1\n 2\n");
    struct table *t = table_open("texthash:source", TABLE_FOLD);
    assert_string_equal(capture_take(), "warning: source, line 2: expected format: key whitespace value -- ignoring this line|"
                                        "warning: source, line 4: record is in \"key: value\" format; is this an alias file?|"
                                        "warning: source, line 5: duplicate entry: \"A\"|"
                                        "warning: source, line 7: unbalanced '\"' in '\"q' -- ignoring this line|"
                                        "warning: source, line 9: expected format: key whitespace value -- ignoring this line");
    assert_finds(t, "a", "b");
    assert_finds(t, "\"x y\"", "z");
    assert_finds(t, "\"k\"", "v w");
    assert_finds(t, "m", "1 2");
    table_close(t);
}

/* Values are the content of files. */
static void test_file_values(void **state)
{
    const char *text;

    (void) state;
    capture_write("one", "hello\n");
    capture_write("two", "x");
    capture_write("names", "a one\nb one, two\nc nofile\n");
    struct table *t = table_open("texthash:names", TABLE_SRC_RHS_IS_FILE);
    assert_string_equal(capture_take(), "warning: names, line 3: open nofile: No such file or directory: skipping this entry");
    assert_finds(t, "a", "aGVsbG8K");
    assert_finds(t, "b", "aGVsbG8KCng=");
    assert_int_equal(find(t, "c", &text), TABLE_ABSENT);
    table_close(t);
}

/* The clock is ours: a change is seen a second later, and not before. */
static void test_changes(void **state)
{
    msec now = 1000 * 1000;
    const char *text;

    (void) state;
    clock_fake(now, time(NULL) + 1000);
    capture_write("file", "k old\n");
    struct table *t = table_open("texthash:file", 0);
    assert_finds(t, "k", "old");
    capture_write("file", "k newer\n");
    assert_finds(t, "k", "old");
    clock_fake(now += 1001, time(NULL) + 1000);
    assert_finds(t, "k", "newer");

    unlink("file");
    clock_fake(now += 1001, time(NULL) + 1000);
    assert_finds(t, "k", "newer");
    assert_null(table_stale());     /* an editor takes it away for a moment, too */
    clock_fake(now += 1001, time(NULL) + 1000);
    assert_finds(t, "k", "newer");  /* what is in memory serves on ... */
    assert_string_equal(table_stale(), "texthash:file"); /* ... and somebody is told */

    capture_write("file", "k back again\n");
    clock_fake(now += 1001, time(NULL) + 1000);
    assert_finds(t, "k", "back again");
    table_close(t);

    t = table_open("texthash:later", 0);
    assert_int_equal(find(t, "k", &text), TABLE_ERROR);
    assert_string_equal(capture_take(), "error: open database later: No such file or directory|"
                                        "warning: texthash:later is unavailable. open database later: No such file or directory");
    capture_write("later", "k v\n");
    assert_int_equal(find(t, "k", &text), TABLE_ERROR);
    clock_fake(now += 1001, time(NULL) + 1000);
    assert_finds(t, "k", "v");
    table_close(t);
}

/* A file that is being written is left alone until it has stayed the same for half a second. */
static void test_half_written(void **state)
{
    msec now = 1000 * 1000;
    time_t wall = time(NULL);
    struct timespec written[2] = {{.tv_sec = wall}, {.tv_sec = wall}};

    (void) state;
    capture_take();
    clock_fake(now, wall);
    capture_write("written", "k old\n");
    struct table *t = table_open("texthash:written", 0);
    for (int i = 1; i < 8; i++) { /* 300 ms each */
        char *text = mem_printf("k %0*d\n", i, 0);
        capture_write("written", text);
        utimensat(AT_FDCWD, "written", written, 0);
        mem_free(text);
        clock_fake(now += 300, wall);
        assert_finds(t, "k", "old");
    }
    clock_fake(now += 300, wall);
    assert_finds(t, "k", "old");
    clock_fake(now += 300, wall);
    assert_finds(t, "k", "0000000");
    capture_write("written", "k in time\n");
    utimensat(AT_FDCWD, "written", written, 0);
    clock_fake(now += 300, wall + 1); /* nobody has written for a second */
    assert_finds(t, "k", "in time");
    table_close(t);
    assert_string_equal(capture_take(), "");
}

static void test_lists(void **state)
{
    struct table_list *l = table_list_open("inline:{a=1}, regexp:{{/^[ab]$/ 2}} inline:{b=3, {e=}}", 0);
    struct str value = {0};

    (void) state;
    table_list_set_title(l, "some_maps");
    assert_int_equal(table_list_count(l), 3);
    assert_string_equal(table_name(table_list_at(l, 1)), "regexp:{{/^[ab]$/ 2}}");
    assert_int_equal(table_list_find(l, "a", &value), TABLE_FOUND);
    assert_string_equal(str_text(&value), "1");
    assert_int_equal(table_list_find(l, "b", &value), TABLE_FOUND);
    assert_string_equal(str_text(&value), "2");
    assert_int_equal(table_list_find_part(l, "b", &value), TABLE_FOUND);
    assert_string_equal(str_text(&value), "3");
    assert_int_equal(table_list_find(l, "c", &value), TABLE_ABSENT);
    assert_int_equal(table_list_find(l, "", &value), TABLE_ABSENT);
    assert_string_equal(capture_take(), "");
    assert_int_equal(table_list_find(l, "e", &value), TABLE_ERROR);
    assert_string_equal(capture_take(), "warning: some_maps lookup of e returns an empty string result|"
                                        "warning: some_maps should return NO RESULT in case of NOT FOUND");
    table_list_close(l);

    l = table_list_open("inline:{a=1} fail:x static:y", 0);
    assert_int_equal(table_list_find(l, "a", &value), TABLE_FOUND);
    assert_int_equal(table_list_find(l, "b", &value), TABLE_ERROR);
    assert_string_equal(capture_take(), "warning: fail:x lookup error for \"b\"");
    table_list_close(l);

    l = table_list_open("", 0);
    assert_int_equal(table_list_find(l, "a", &value), TABLE_ABSENT);
    table_list_close(l);
    str_done(&value);
}

static int setup(void **state)
{
    capture_enter_dir();
    return capture_setup(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_shared), cmocka_unit_test(test_folding),
        cmocka_unit_test(test_long_keys), cmocka_unit_test(test_utf8_values), cmocka_unit_test(test_texthash),
        cmocka_unit_test(test_file_values), cmocka_unit_test(test_lists), cmocka_unit_test(test_changes),
        cmocka_unit_test(test_half_written)};

    return cmocka_run_group_tests(tests, setup, capture_teardown);
}
