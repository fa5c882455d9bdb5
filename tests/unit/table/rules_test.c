#include "tests/unit/table/capture.h"

#include "table/table.h"

enum { REGEXP = 1, PCRE = 2, BOTH = 3 };

/* Rules, a key and what comes of it. The log is without "TYPE map RULES, line N: ". */
static const struct {
    const char *what;
    int types;
    const char *rules, *key, *want; /* want NULL: absent */
    const char *log;
} cases[] = {
    {"plain", BOTH, "{/^foo$/ bar}", "foo", "bar", ""},
    {"no match", BOTH, "{/^foo$/ bar}", "xfoo", NULL, ""},
    {"whatever the case", BOTH, "{/^foo$/ bar}", "FOO", "bar", ""},
    {"the key is not folded", BOTH, "{/(.*)/ $1}", "FOO", "FOO", ""},
    {"case matters", BOTH, "{/^foo$/i bar}", "FOO", NULL, ""},
    {"first of two", BOTH, "{/a/ 1}, {/a/ 2}", "a", "1", ""},
    {"other delimiter", BOTH, "{|a/b| pipe}", "a/b", "pipe", ""},
    {"escaped delimiter", BOTH, "{/a\\/b/ x}", "a/b", "x", ""},
    {"negated", BOTH, "{!/a/ not}", "b", "not", ""},
    {"negated, but it matches", BOTH, "{!/a/ not}", "a", NULL, ""},
    {"negated twice", BOTH, "{!!/a/ x}", "a", "x", ""},
    {"substitution", BOTH, "{/^(.)(.)$/ $2-${1}-$(2)-$$}", "ab", "b-a-b-$", ""},
    {"group that took no part", BOTH, "{/(a)(b)?/ 1$1 2$2.}", "a", "1a 2.", ""},
    {"one of two patterns", REGEXP, "{/a/!/b/ x}", "a", "x", ""},
    {"both of two patterns", REGEXP, "{/a/!/b/ x}", "ab", NULL, ""},
    {"two patterns, substitution from the first", REGEXP, "{/(a)/!/b/ x$1}", "a", "xa", ""},
    {"two patterns are not for pcre", PCRE, "{/a/!/b/ x}", "a", NULL,
        "unknown regexp option \"!\": skipping this rule"},
    {"perl's own syntax", PCRE, "{/^(?!x)\\w+$/ word}", "hello", "word", ""},
    {"basic expressions", REGEXP, "{/^a+$/x plus}", "a+", "plus", ""},
    {"dot and newline", PCRE, "{/^a.b$/ x}", "a\nb", "x", ""},
    {"dot but newline", PCRE, "{/^a.b$/s x}", "a\nb", NULL, ""},
    {"lines", BOTH, "{/^b$/m x}", "a\nb", "x", ""},
    {"all options", PCRE, "{/a/imsxAEU yo}", "a", "yo", ""},
    {"obsolete option", PCRE, "{/a/X yo}", "a", "yo", "ignoring obsolete regexp option \"X\""},
    {"unknown option", BOTH, "{/a/q yo}", "a", NULL, "unknown regexp option \"q\": skipping this rule"},
    {"if", BOTH, "{if /a/}, {/b/ in}, {endif}, {/./ out}", "ab", "in", ""},
    {"if not", BOTH, "{if /a/}, {/b/ in}, {endif}, {/./ out}", "b", "out", ""},
    {"negated if", BOTH, "{if !/a/}, {/b/ in}, {endif}, {/./ out}", "b", "in", ""},
    {"if within if", BOTH, "{if /a/}, {if /b/}, {/./ 1}, {endif}, {/./ 2}, {endif}, {/./ 3}", "ac", "2", ""},
    {"both ifs fail", BOTH, "{if /a/}, {if /b/}, {/./ 1}, {endif}, {/./ 2}, {endif}, {/./ 3}", "bc", "3", ""},
    {"any case", BOTH, "{IF /a/}, {/b/ in}, {EndIf}", "ab", "in", ""},
    {"if without end", BOTH, "{/x/ 1}, {if /a/}, {/./ 2}", "b", NULL, "IF has no matching ENDIF"},
    {"end without if", BOTH, "{endif}", "b", NULL, "ignoring ENDIF without matching IF"},
    {"text behind endif", BOTH, "{if /a/}, {endif x}", "b", NULL, "ignoring extra text after ENDIF"},
    {"text behind if", BOTH, "{if /a/ x}, {endif}", "b", NULL,
        "ignoring extra text after IF statement: \"x\"|do not prepend whitespace to statements between IF and ENDIF"},
    {"not a rule", BOTH, "{foo bar}", "foo", NULL, "ignoring unrecognized request"},
    {"no pattern", BOTH, "{!}", "a", NULL, "no regexp: skipping this rule"},
    {"no end", REGEXP, "{/a b}", "a", NULL, "no closing regexp delimiter \"/\": skipping this rule"},
    {"no end", PCRE, "{/a b}", "a", NULL, "no closing regexp delimiter \"/\": ignoring this rule"},
    {"no result", BOTH, "{/a/}", "a", "", "no replacement text: using empty string"},
    {"parentheses", REGEXP, "{/a(/ x}", "a", NULL, "Unmatched ( or \\("},
    {"parentheses", PCRE, "{/a(/ x}", "a", NULL, "error in regex at offset 2: missing closing parenthesis"},
    {"no such group", BOTH, "{/(a)/ $2}", "a", NULL, "out of range replacement index \"2\": skipping this rule"},
    {"group zero", REGEXP, "{/(a)/ $0}", "a", NULL,
        "out-of-range replacement index \"0\"|bad replacement syntax: skipping this rule"},
    {"group zero", PCRE, "{/(a)/ $0}", "a", NULL,
        "out of range replacement index \"0\"|bad replacement syntax: skipping this rule"},
    {"not a number", BOTH, "{/(a)/ $1y}", "a", NULL,
        "non-numeric replacement index \"1y\"|bad replacement syntax: skipping this rule"},
    {"negated substitution", BOTH, "{!/(a)/ $1}", "b", NULL,
        "$number found in negative match replacement text: skipping this rule"},
    {"huge group", BOTH, "{/(a)/ $12345}", "a", NULL, "out of range replacement index \"12345\": skipping this rule"},
};

/* "warning: TYPE map NAME, line N: text|..." without what is in front of the texts. */
static const char *texts_of(const char *log)
{
    static struct str out;

    str_clear(&out);
    while (*log != 0) {
        const char *end = strstr(log, "|warning: "), *text = strstr(log, "}, line ");
        size_t len = end == NULL ? strlen(log) : (size_t) (end - log);
        text = text == NULL || text > log + len ? log : strstr(text + 8, ": ") + 2;
        str_addf(&out, "%s%.*s", out.len == 0 ? "" : "|", (int) (log + len - text), text);
        log += len + (end != NULL);
    }
    return str_text(&out);
}

static void run(const char *type, size_t i)
{
    struct str name = {0}, value = {0};

    print_message("%s: %s\n", type, cases[i].what);
    str_setf(&name, "%s:{%s}", type, cases[i].rules);
    struct table *t = table_open(str_text(&name), TABLE_FOLD);
    assert_null(table_error(t));
    assert_int_equal(table_find(t, cases[i].key, &value), cases[i].want == NULL ? TABLE_ABSENT : TABLE_FOUND);
    assert_string_equal(str_text(&value), cases[i].want == NULL ? "" : cases[i].want);
    assert_string_equal(texts_of(capture_take()), cases[i].log);
    table_close(t);
    str_done(&name);
    str_done(&value);
}

static void test_cases(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        if ((cases[i].types & REGEXP) != 0)
            run("regexp", i);
        if ((cases[i].types & PCRE) != 0 && table_type_exists("pcre"))
            run("pcre", i);
    }
}

static void test_security_sensitive(void **state)
{
    struct table *t = table_open("regexp:{{/(a)/ x$1}, {/a/ plain}}", TABLE_NO_REGSUB);
    struct str value = {0};

    (void) state;
    assert_int_equal(table_find(t, "a", &value), TABLE_FOUND);
    assert_string_equal(str_text(&value), "plain");
    assert_string_equal(capture_take(), "warning: regexp map {{/(a)/ x$1}, {/a/ plain}}, line 1: regular expression "
                                        "substitution is not allowed: skipping this rule");
    table_close(t);
    str_done(&value);
}

/* Bad braces are no table at all, bad lines of a file are named by the line that they begin in. */
static void test_places(void **state)
{
    static const struct {
        const char *name, *log;
    } bad[] = {{"regexp:{{/a/ b}, /c/ d}", "error: regexp map: no '{' at start of text in \"/c/\""},
        {"regexp:{{/a/ b}", "error: regexp map: missing '}' in \"{{/a/ b}\""},
        {"regexp:nofile", "error: open nofile: No such file or directory"}};

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        table_close(table_open(bad[i].name, 0));
        assert_string_equal(capture_take(), bad[i].log);
    }
    capture_write("rules", "# comment\n\n/foo\n\n # c\n bar/ y\n/z/q\n 1\n   \n  x\n");
    struct table *t = table_open("regexp:rules", 0);
    assert_string_equal(capture_take(), "warning: regexp map rules, line 7: unknown regexp option \"q\": skipping this rule");
    struct str value = {0};
    assert_int_equal(table_find(t, "foo bar", &value), TABLE_FOUND);
    table_close(t);
    str_done(&value);
}

/* A pattern that backtracks without end comes to an end, and nobody knows whether it would have matched. */
static void test_limits(void **state)
{
    struct str key = {0}, value = {0};

    (void) state;
    if (!table_type_exists("pcre"))
        skip();
    struct table *t = table_open("pcre:{{/^(a|aa|a?)*$/ x}, {/./ y}}", 0);
    for (int i = 0; i < 200; i++)
        str_addc(&key, 'a');
    str_addc(&key, 'b');
    assert_int_equal(table_find(t, str_text(&key), &value), TABLE_ERROR);
    assert_non_null(strstr(capture_take(), "match limit exceeded"));
    table_close(t);
    str_done(&key);
    str_done(&value);
}

static int setup(void **state)
{
    capture_enter_dir();
    return capture_setup(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_security_sensitive),
        cmocka_unit_test(test_places), cmocka_unit_test(test_limits)};

    return cmocka_run_group_tests(tests, setup, capture_teardown);
}
