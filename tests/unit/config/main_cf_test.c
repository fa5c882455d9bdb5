#include "config/main_cf.h"

#include <stdlib.h>

#include "base/log.h"
#include "config/lines.h"
#include "tests/unit/test.h"

static struct str logged;

static void remember(void *context, const struct log_line *lines, size_t count)
{
    (void) context;
    for (size_t i = 0; i < count; i++)
        str_addf(&logged, "%s\n", lines[i].text);
}

static const struct {
    const char *what, *text, *want; /* "1:line|4:line|" with the number of each logical line */
} logical[] = {
    {"empty", "", ""},
    {"one", "a = b\n", "1:a = b|"},
    {"no newline at the end", "a = b", "1:a = b|"},
    {"continued", "a =\n  b\n\tc\n", "1:a =  b\tc|"},
    {"comments and blank lines", "# x\n\n  # y\na\n", "4:a|"},
    {"comment within", "a\n# x\n b\n", "1:a b|"},
    {"blank line within", "a\n\n b\n", "1:a b|"},
    {"indented comment within", "a\n  # x\n b\nc\n", "1:a b|4:c|"},
    {"comment between two", "a\n# x\nb\n", "1:a|3:b|"},
    {"leading blank", "  a\nb\n", "1:  a|2:b|"},
    {"carriage return is text", "a\r\nb\n", "1:a\r|2:b|"},
};

static void joins_logical_lines(void **state)
{
    struct str got = {0};
    struct lines l;

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(logical); i++) {
        str_clear(&got);
        lines_init(&l, logical[i].text, strlen(logical[i].text));
        for (char *line; (line = lines_next(&l)) != NULL;)
            str_addf(&got, "%d:%s|", l.first_line, line);
        lines_done(&l);
        if (strcmp(str_text(&got), logical[i].want) != 0)
            fail_msg("%s: \"%s\" instead of \"%s\"", logical[i].what, str_text(&got), logical[i].want);
    }
    str_done(&got);
}

static const struct {
    const char *text, *name, *value;
} entries[] = {
    {"a=b", "a", "b"},
    {"a = b\n", "a", "b"},
    {"a =\n", "a", ""},
    {"a\t=  b  c \n", "a", "b  c"},
    {"a=b=c", "a", "b=c"},
    {"a = b\na = b\n", "a", "b"},
    {"a = b\na = c\n", "a", "c"},
    {"a =\n   b,\n   c\n", "a", "b,   c"},
    {"x = 1\n y\n# z\na = #b\n", "a", "#b"},
    {"a = b\r\n", "a", "b"},
};

static void reads_entries(void **state)
{
    struct str why = {0};

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(entries); i++) {
        struct main_cf m = {0};
        assert_true(main_cf_parse(&m, "main.cf", entries[i].text, strlen(entries[i].text), &why));
        const char *value = main_cf_get(&m, entries[i].name);
        if (value == NULL || strcmp(value, entries[i].value) != 0)
            fail_msg("\"%s\": %s", entries[i].text, value == NULL ? "not set" : value);
        main_cf_done(&m);
    }
    str_done(&why);
}

static const struct {
    const char *text, *why;
} bad[] = {
    {"a = b\n\nfoo bar\n", "/m, line 3: missing '=' after attribute name: \"foo bar\""},
    {"foo\n", "/m, line 1: missing '=' after attribute name: \"foo\""},
    {"a b = c\n", "/m, line 1: missing '=' after attribute name: \"a b = c\""},
    {"= c\n", "/m, line 1: missing attribute name: \"= c\""},
    {"x\n  y\n", "/m, line 1: missing '=' after attribute name: \"x  y\""},
};

static void refuses_bad_lines(void **state)
{
    struct str why = {0};

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct main_cf m = {0};
        assert_false(main_cf_parse(&m, "/m", bad[i].text, strlen(bad[i].text), &why));
        assert_string_equal(str_text(&why), bad[i].why);
        main_cf_done(&m);
    }
    str_done(&why);
}

static const struct {
    const char *text, *warning;
} odd[] = {
    {"a = b\na = c\n", "warning: /m, line 2: overriding earlier entry: a=b\n"},
    {"a = b\na = b\n", ""},
    {"  a = b\nc = d\n", "warning: /m: logical line must not start with whitespace: \"  a = b\"\n"},
};

static void warns_of_odd_lines(void **state)
{
    struct str why = {0};

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(odd); i++) {
        struct main_cf m = {0};
        str_clear(&logged);
        assert_true(main_cf_parse(&m, "/m", odd[i].text, strlen(odd[i].text), &why));
        assert_string_equal(str_text(&logged), odd[i].warning);
        main_cf_done(&m);
    }
    str_done(&why);
    str_done(&logged);
}

static void names_a_missing_file(void **state)
{
    struct main_cf m = {0};
    struct str why = {0};

    (void) state;
    assert_false(main_cf_read(&m, "/nonexistent/main.cf", &why));
    assert_string_equal(str_text(&why), "open /nonexistent/main.cf: No such file or directory");
    str_done(&why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(joins_logical_lines),
        cmocka_unit_test(reads_entries),
        cmocka_unit_test(refuses_bad_lines),
        cmocka_unit_test(warns_of_odd_lines),
        cmocka_unit_test(names_a_missing_file),
    };
    log_add_sink(remember, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
