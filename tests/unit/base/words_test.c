#include "base/words.h"

#include <string.h>

#include "base/str.h"
#include "tests/unit/test.h"

static const struct {
    const char *text, *separators, *plain, *braced; /* the words, with | between them */
} splits[] = {
    {"", WORDS_LIST, "", ""},
    {"  ,, ", WORDS_LIST, "", ""},
    {"a", WORDS_LIST, "a", "a"},
    {"a, b\tc\n d", WORDS_LIST, "a|b|c|d", "a|b|c|d"},
    {"a {b c} d", WORDS_LIST, "a|{b|c}|d", "a|{b c}|d"},
    {"{a {b, c} d}, e", WORDS_LIST, "{a|{b|c}|d}|e", "{a {b, c} d}|e"},
    {"x{1 2}y z", WORDS_LIST, "x{1|2}y|z", "x{1 2}y|z"},
    {"} a", WORDS_LIST, "}|a", "}|a"},
    {"{a b", WORDS_LIST, "{a|b", "{a b"},
    {"a:b::c", ":", "a|b|c", "a|b|c"},
};

static void join(const struct vec *words, struct str *out)
{
    str_set(out, "");
    for (size_t i = 0; i < words->count; i++)
        str_addf(out, "%s%s", i > 0 ? "|" : "", (char *) words->items[i]);
}

static void splits_lists(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(splits); i++) {
        struct arena a = {0};
        struct vec plain = {0}, braced = {0};
        struct str out = {0};
        words_split(&a, splits[i].text, splits[i].separators, &plain);
        join(&plain, &out);
        assert_string_equal(str_text(&out), splits[i].plain);
        words_split_braced(&a, splits[i].text, splits[i].separators, &braced);
        join(&braced, &out);
        assert_string_equal(str_text(&out), splits[i].braced);
        vec_done(&plain, NULL);
        vec_done(&braced, NULL);
        str_done(&out);
        arena_done(&a);
    }
}

static const struct {
    const char *in, *out, *why;
} braces[] = {
    {"{a}", "a", NULL},       {"{ a b }", "a b", NULL},          {"{{a}}", "{a}", NULL}, {"{}", "", NULL},
    {"a", NULL, "no '{' at start of text"}, {"{a", NULL, "missing '}'"}, {"{a}b", NULL, "syntax error after '}'"}, {"{a} ", "a", NULL},
};

static void takes_braces_off(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(braces); i++) {
        char text[64];
        const char *why = NULL;
        strcpy(text, braces[i].in);
        const char *out = words_unbrace(text, &why);
        if (braces[i].out == NULL) {
            assert_null(out);
            assert_string_equal(why, braces[i].why);
        } else
            assert_string_equal(out, braces[i].out);
    }
}

static const struct {
    const char *in, *name, *value, *error;
} pairs[] = {
    {"a=b", "a", "b", NULL},          {" a = b c ", "a", "b c", NULL}, {"a =", "a", "", NULL}, {"a=b=c", "a", "b=c", NULL},
    {"a", NULL, NULL, "missing '=' after attribute name"}, {"= b", NULL, NULL, "missing attribute name"},
};

static void takes_pairs_apart(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(pairs); i++) {
        char text[64], *name, *value;
        strcpy(text, pairs[i].in);
        const char *error = words_name_value(text, &name, &value);
        if (pairs[i].error != NULL) {
            assert_string_equal(error, pairs[i].error);
            continue;
        }
        assert_null(error);
        assert_string_equal(name, pairs[i].name);
        assert_string_equal(value, pairs[i].value);
    }
}

static const struct {
    const char *text;
    bool ok;
    long value;
} numbers[] = {
    {"0", true, 0}, {"-12", true, -12}, {"12x", false, 0}, {"", false, 0}, {"x", false, 0}, {"99999999999999999999", false, 0},
};

static void reads_numbers_whole(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(numbers); i++) {
        long value = 0;
        assert_int_equal(words_to_long(numbers[i].text, &value), numbers[i].ok);
        if (numbers[i].ok)
            assert_int_equal(value, numbers[i].value);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(splits_lists), cmocka_unit_test(takes_braces_off), cmocka_unit_test(takes_pairs_apart),
        cmocka_unit_test(reads_numbers_whole),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
