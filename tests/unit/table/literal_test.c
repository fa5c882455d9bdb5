#include "tests/unit/table/capture.h"

#include "base/mem.h"
#include "table/literal.h"
#include "table/prefilter.h"
#include "table/table.h"

/* The texts, each in <>. */
static const struct {
    const char *pattern, *texts;
    bool has_class_escapes;
} cases[] = {
    {"^user1@example\\.com$", "<user1@example.com>", false},
    {"ABC", "<abc>", false},
    {"abc|def", "", false},
    {"(abc|def)ghi", "<ghi>", false},
    {"ab(c", "", false},
    {"abc)", "", false},
    {"abc*d", "<ab><d>", false},
    {"abc?d", "<ab><d>", false},
    {"abc+d", "<abc><d>", false},
    {"abc{2,3}d", "<ab><d>", false},
    {"abc{2", "", false},
    {"a.b", "<a><b>", false},
    {"ab[xy]cd", "<ab><cd>", false},
    {"ab[]x]cd", "<ab><cd>", false},
    {"ab[^]x]cd", "<ab><cd>", false},
    {"ab[[:digit:]x]cd", "<ab><cd>", false},
    {"ab[\\]cd]ef", "<ab><cd]ef>", false},
    {"ab[\\]cd]ef", "<ab><ef>", true},
    {"ab[cd", "", false},
    {"ab\\.cd", "<ab.cd>", false},
    {"ab\\dcd", "<ab><cd>", true},
    {"ab\\Qcd", "", true},
    {"ab\\x41", "", true},
    {"(.)ab\\1", "", false},
    {"ab\\<cd", "<ab><cd>", false},
    {"ab\\", "", false},
    {"(?i)ab", "", true},
    {"(?x) a b", "", true},
    {"(?:ab)cd", "<cd>", true},
    {"(?<!ab)cd", "<cd>", true},
    {"(*UTF8)cd", "", true},
    {"(a(b)c[)]d)ef", "<ef>", true},
    {"ab\xc3\xa9" "cd", "<ab><cd>", true},
    {"", "", true},
};

static void test_cases(void **state)
{
    struct str out = {0}, shown = {0};

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        literal_find(cases[i].pattern, cases[i].has_class_escapes, &out);
        str_clear(&shown);
        for (size_t at = 0; at < out.len; at += strlen(out.data + at) + 1)
            str_addf(&shown, "<%s>", out.data + at);
        print_message("%s\n", cases[i].pattern);
        assert_string_equal(str_text(&shown), cases[i].texts);
    }
    str_done(&out);
    str_done(&shown);
}

static void need(struct prefilter *f, size_t rule, const char *texts, size_t len)
{
    struct str copy = {0};

    str_add(&copy, texts, len);
    prefilter_need(f, rule, &copy);
    str_done(&copy);
}

static void test_prefilter(void **state)
{
    enum { RULES = 130 };
    struct prefilter *f = prefilter_new(RULES);

    (void) state;
    for (size_t i = 0; i < RULES; i++)
        if (i != 70)
            need(f, i, "none\0of these", 14);
    need(f, 129, "ab\0xyz", 7); /* too short: as it was */
    prefilter_look(f, "anything", 8);
    assert_int_equal(prefilter_next(f, 0), 70);
    assert_int_equal(prefilter_next(f, 71), RULES);
    prefilter_free(f);

    f = prefilter_new(3);
    need(f, 0, "hello", 6);
    need(f, 1, "lo world", 9);
    need(f, 2, "hello!", 7);
    prefilter_look(f, "say HELLO World", 15);
    assert_int_equal(prefilter_next(f, 0), 0);
    assert_int_equal(prefilter_next(f, 1), 1);
    assert_int_equal(prefilter_next(f, 2), 3);
    prefilter_look(f, "hel", 3);
    assert_int_equal(prefilter_next(f, 0), 3);
    prefilter_free(f);
}

/* Of many rules the first one that matches answers, also behind those that need no text, and in blocks. */
static void test_many_rules(void **state)
{
    enum { RULES = 3000 };
    struct str text = {0}, value = {0}, key = {0};

    (void) state;
    for (int i = 0; i < RULES; i++)
        str_addf(&text, "/^user%d@(.*\\.)?example\\.com$/ first %d\n", i, i);
    str_adds(&text, "if /^user7/\n/^......./ block\nendif\n/^user[0-9]*@/ second\n!/@/ none\n");
    capture_write("many", str_text(&text));
    for (int t = 0; t < 2; t++) {
        struct table *table = table_open(t == 0 ? "regexp:many" : "pcre:many", 0);
        for (int i = 0; i < 2 * RULES; i += 7) {
            str_setf(&key, "USER%d@%sexample.com", i, i % 2 == 0 ? "" : "x.");
            assert_int_equal(table_find(table, str_text(&key), &value), TABLE_FOUND);
            str_setf(&text, "first %d", i);
            assert_string_equal(str_text(&value), i < RULES ? str_text(&text) : key.data[4] == '7' ? "block" : "second");
        }
        assert_int_equal(table_find(table, "no sign", &value), TABLE_FOUND);
        assert_string_equal(str_text(&value), "none");
        assert_int_equal(table_find(table, "a@b", &value), TABLE_ABSENT);
        table_close(table);
    }
    str_done(&text);
    str_done(&value);
    str_done(&key);
}

static int setup(void **state)
{
    capture_enter_dir();
    return capture_setup(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases), cmocka_unit_test(test_prefilter), cmocka_unit_test(test_many_rules)};

    return cmocka_run_group_tests(tests, setup, capture_teardown);
}
