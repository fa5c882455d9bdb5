#include "base/str.h"

#include <limits.h>
#include <stdio.h>

#include "base/mem.h"
#include "tests/unit/test.h"

static void empty_memory_is_a_string(void **state)
{
    struct str s = {0};

    (void) state;
    assert_string_equal(str_text(&s), "");
    str_cut(&s, 0);
    str_drop(&s, 5);
    str_trim(&s);
    assert_int_equal(s.len, 0);
    str_done(&s);
}

static void grows_and_keeps_its_nul(void **state)
{
    struct str s = {0};

    (void) state;
    for (int i = 0; i < 1000; i++)
        str_addf(&s, "%d,", i);
    assert_int_equal(s.len, 3890);
    assert_int_equal(strlen(str_text(&s)), s.len);
    assert_memory_equal(s.data + s.len - 8, "998,999,", 8);
    str_drop(&s, 4);
    assert_memory_equal(s.data, "2,3,", 4);
    str_done(&s);
}

static void holds_nul_bytes(void **state)
{
    struct str s = {0};

    (void) state;
    str_add(&s, "a\0b", 3);
    str_addc(&s, 0);
    assert_int_equal(s.len, 4);
    assert_memory_equal(s.data, "a\0b\0", 5);
    str_done(&s);
}

#define FORMATTED(...) \
    do { \
        struct str ours = {0}; \
        char theirs[200]; \
        snprintf(theirs, sizeof(theirs), __VA_ARGS__); \
        str_setf(&ours, __VA_ARGS__); \
        assert_string_equal(str_text(&ours), theirs); \
        assert_int_equal(ours.len, strlen(theirs)); \
        str_done(&ours); \
    } while (0)

/* Whichever way a format takes, the result is that of printf(3). */
static void formats_as_printf(void **state)
{
    (void) state;
    FORMATTED("plain, 100%%");
    FORMATTED("%s: client=%s[%.*s]", "4ABC", "", 3, "12345");
    FORMATTED("[%5s|%.*s|%5.*s|%c|%3c]", "ab", -1, "whole", 2, "abc", 'x', 'y');
    FORMATTED("%d %d %d %u", 0, INT_MIN, INT_MAX, UINT_MAX);
    FORMATTED("%ld %lu %zu %15ld|%15ld", LONG_MIN, ULONG_MAX, (size_t) 7, -1L, 123456789L);
    FORMATTED("%05d %02d %-5s| %x %lX %.2f %3d", -12, 7, "left", 255u, 0xabcUL, 1.5, 1000);
    FORMATTED("%d%s%.3s%%%ld", 1, "two", "three", 4L);
    FORMATTED("%95s", "");
}

static const struct {
    const char *what, *in;
    size_t drop, cut;
    const char *out;
} edits[] = {
    {"nothing", "hello", 0, 5, "hello"},  {"front", "hello", 2, 9, "llo"},  {"end", "hello", 0, 3, "hel"},
    {"both", "hello", 1, 2, "el"},        {"all", "hello", 5, 9, ""},       {"more than all", "hello", 50, 9, ""},
};

static void drops_and_cuts(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(edits); i++) {
        struct str s = {0};
        str_set(&s, edits[i].in);
        str_drop(&s, edits[i].drop);
        str_cut(&s, edits[i].cut);
        assert_string_equal(str_text(&s), edits[i].out);
        str_done(&s);
    }
}

static void trims_lowers_and_is_taken(void **state)
{
    struct str s = {0};

    (void) state;
    str_set(&s, "MiXeD \303\204 \t\r\n");
    str_trim(&s);
    str_lower(&s);
    char *text = str_take(&s);
    assert_string_equal(text, "mixed \303\204");
    assert_string_equal(str_text(&s), "");
    mem_free(text);
    text = str_take(&s);
    assert_string_equal(text, "");
    mem_free(text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(empty_memory_is_a_string), cmocka_unit_test(grows_and_keeps_its_nul),
        cmocka_unit_test(holds_nul_bytes),          cmocka_unit_test(formats_as_printf),
        cmocka_unit_test(drops_and_cuts),
        cmocka_unit_test(trims_lowers_and_is_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
