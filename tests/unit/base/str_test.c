#include "base/str.h"

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
        cmocka_unit_test(holds_nul_bytes),          cmocka_unit_test(drops_and_cuts),
        cmocka_unit_test(trims_lowers_and_is_taken),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
