#include "tests/unit/table/capture.h"

#include "base/mem.h"
#include "table/proxy.h"
#include "table/table.h"

/* One question, one answer: what each type without a file does with a name and a key. */
static const struct {
    const char *what, *name, *key;
    enum table_result want;
    const char *value, *log;
} cases[] = {
    {"inline, plain", "inline:{a=b, {c = d e}}", "a", TABLE_FOUND, "b", ""},
    {"inline, blanks", "inline:{a=b, {c = d e}}", "c", TABLE_FOUND, "d e", ""},
    {"inline, absent", "inline:{a=b}", "x", TABLE_ABSENT, "", ""},
    {"inline, the key is folded", "inline:{A=b}", "a", TABLE_FOUND, "b", ""},
    {"inline, the query is folded", "inline:{a=b}", "A", TABLE_FOUND, "b", ""},
    {"inline, the last of two counts", "inline:{a=b, a=c}", "a", TABLE_FOUND, "c", ""},
    {"inline, no braces", "inline:x", "a", TABLE_ERROR, "",
        "error: bad syntax: \"inline:x\"; need \"inline:{name=value...}\"|"
        "warning: inline:x is unavailable. bad syntax: \"inline:x\"; need \"inline:{name=value...}\""},
    {"inline, nothing in it", "inline:{}", "a", TABLE_ERROR, "",
        "error: bad syntax: \"inline:{}\"; need \"inline:{name=value...}\"|"
        "warning: inline:{} is unavailable. bad syntax: \"inline:{}\"; need \"inline:{name=value...}\""},
    {"inline, no value", "inline:{f}", "a", TABLE_ERROR, "",
        "error: missing '=' after attribute name: \"inline:{f}\"; need \"inline:{name=value...}\"|"
        "warning: inline:{f} is unavailable. missing '=' after attribute name: \"inline:{f}\"; need "
        "\"inline:{name=value...}\""},
    {"static", "static:x y", "any", TABLE_FOUND, "x y", ""},
    {"static, braces", "static:{ x y }", "any", TABLE_FOUND, "x y", ""},
    {"static, bad braces", "static:{x} z", "any", TABLE_ERROR, "",
        "error: bad static:name syntax: syntax error after '}' in \"{x} z\"|warning: static:{x} z is unavailable. "
        "bad static:name syntax: syntax error after '}' in \"{x} z\""},
    {"fail", "fail:x", "a", TABLE_ERROR, "", ""},
    {"internal is empty", "internal:x", "a", TABLE_ABSENT, "", ""},
    {"union", "unionmap:{static:a, static:b, inline:{x=y}}", "z", TABLE_FOUND, "a,b", ""},
    {"union, nothing", "unionmap:{inline:{a=b}, inline:{x=y}}", "z", TABLE_ABSENT, "", ""},
    {"union, an error", "unionmap:{inline:{a=b}, fail:x}", "a", TABLE_ERROR, NULL, ""},
    {"union, empty", "unionmap:{}", "a", TABLE_ERROR, "",
        "error: bad syntax: \"unionmap:{}\"; need \"unionmap:{type:name...}\"|warning: unionmap:{} is unavailable. "
        "bad syntax: \"unionmap:{}\"; need \"unionmap:{type:name...}\""},
    {"pipe", "pipemap:{inline:{a=b}, inline:{b=c}}", "a", TABLE_FOUND, "c", ""},
    {"pipe, the first has nothing", "pipemap:{inline:{a=b}, fail:x}", "z", TABLE_ABSENT, "", ""},
    {"pipe, the second has nothing", "pipemap:{inline:{a=b}, inline:{a=b}}", "a", TABLE_ABSENT, "", ""},
    {"pipe, an error", "pipemap:{inline:{a=b}, fail:x}", "a", TABLE_ERROR, NULL, ""},
    {"nis, outside of any domain", "nis:mail.aliases", "a", TABLE_ABSENT, "",
        "warning: dict_nis_init: NIS domain name not set - NIS lookups disabled"},
    {"random", "randmap:{v, v}", "any", TABLE_FOUND, "v", ""},
    {"random, empty", "randmap:x", "any", TABLE_ERROR, "",
        "error: bad syntax: \"randmap:x\"; need \"randmap:{value...}\"|warning: randmap:x is unavailable. bad syntax: "
        "\"randmap:x\"; need \"randmap:{value...}\""},
    {"debug", "debug:static:x", "k", TABLE_FOUND, "x", "static:x lookup: \"k\" = \"x\""},
    {"debug, absent", "debug:inline:{a=b}", "k", TABLE_ABSENT, "", "inline:{a=b} lookup: \"k\" = \"not_found\""},
    {"proxy", "proxy:inline:{a=b}", "a", TABLE_FOUND, "b", ""},
    {"proxy, the key is folded", "proxy:inline:{a=b}", "A", TABLE_FOUND, "b", ""},
    {"proxy, absent", "proxy:inline:{a=b}", "x", TABLE_ABSENT, "", ""},
    {"proxy, an error", "proxy:fail:x", "a", TABLE_ERROR, "", ""},
    {"proxy, a pattern table gets the key as it is", "proxy:regexp:{{/(.*)/ $1}}", "A", TABLE_FOUND, "A", ""},
    {"proxy, no such type", "proxy:foo:bar", "a", TABLE_ERROR, "",
        "error: unsupported dictionary type: foo|warning: foo:bar is unavailable. unsupported dictionary type: foo"},
    {"proxy, no name", "proxy:foo", "a", TABLE_ERROR, "",
        "error: open dictionary: expecting \"type:name\" form instead of \"foo\"|warning: foo is unavailable. open "
        "dictionary: expecting \"type:name\" form instead of \"foo\""},
    {"proxy in a proxy", "proxy:proxy:static:x", "a", TABLE_ERROR, "",
        "error: bad syntax: \"proxy:proxy:static:x\"; need \"proxy:type:name\"|warning: proxy:proxy:static:x is "
        "unavailable. bad syntax: \"proxy:proxy:static:x\"; need \"proxy:type:name\""},
    {"unix, no such map", "unix:foo", "a", TABLE_ERROR, "",
        "error: unknown table: unix:foo|warning: unix:foo is unavailable. unknown table: unix:foo"},
    {"no type", "foo", "k", TABLE_ERROR, "",
        "error: open dictionary: expecting \"type:name\" form instead of \"foo\"|warning: foo is unavailable. open "
        "dictionary: expecting \"type:name\" form instead of \"foo\""},
    {"no name", "static:", "k", TABLE_ERROR, "",
        "error: open dictionary: expecting \"type:name\" form instead of \"static:\"|warning: static: is unavailable. "
        "open dictionary: expecting \"type:name\" form instead of \"static:\""},
    {"unknown type", "foo:bar", "k", TABLE_ERROR, "",
        "error: unsupported dictionary type: foo|warning: foo:bar is unavailable. unsupported dictionary type: foo"},
};

static void test_cases(void **state)
{
    struct str value = {0};

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct table *t = table_open(cases[i].name, TABLE_FOLD);
        print_message("%s\n", cases[i].what);
        assert_int_equal(table_find(t, cases[i].key, &value), cases[i].want);
        if (cases[i].value != NULL)
            assert_string_equal(str_text(&value), cases[i].value);
        assert_string_equal(capture_take(), cases[i].log);
        table_close(t);
    }
    str_done(&value);
}

static void test_environ(void **state)
{
    struct str value = {0};
    struct table *t = table_open("environ:x", 0);

    (void) state;
    setenv("table_test", "yes", 1);
    assert_int_equal(table_find(t, "table_test", &value), TABLE_FOUND);
    assert_string_equal(str_text(&value), "yes");
    assert_int_equal(table_find(t, "no such name", &value), TABLE_ABSENT);
    table_close(t);
    str_done(&value);
}

static void test_internal_changes(void **state)
{
    struct str key = {0}, value = {0};
    struct table *t = table_open("internal:x", TABLE_WRITE | TABLE_FOLD);
    int count = 0;

    (void) state;
    for (int i = 0; i < 100; i++) {
        char *name = mem_printf("Key%d", i);
        assert_int_equal(table_put(t, name, "1"), TABLE_STORED);
        mem_free(name);
    }
    assert_int_equal(table_put(t, "KEY1", "2"), TABLE_EXISTS);
    assert_string_equal(capture_take(), "warning: internal:x: duplicate entry: \"key1\"");
    assert_int_equal(table_find(t, "kEy1", &value), TABLE_FOUND);
    assert_string_equal(str_text(&value), "1");
    for (bool first = true; table_next(t, first, &key, &value) == TABLE_FOUND; first = false) {
        assert_int_equal(table_delete(t, str_text(&key)), TABLE_FOUND);
        count++;
    }
    assert_int_equal(count, 100);
    assert_int_equal(table_next(t, true, &key, &value), TABLE_ABSENT);
    assert_int_equal(table_delete(t, "key1"), TABLE_ABSENT);
    table_close(t);
    str_done(&key);
    str_done(&value);
}

static void test_unsupported(void **state)
{
    struct table *t = table_open("static:x", 0);

    (void) state;
    assert_false(table_can_change(t));
    assert_int_equal(table_put(t, "a", "b"), TABLE_FAILED);
    assert_int_equal(table_delete(t, "a"), TABLE_ERROR);
    assert_string_equal(capture_take(), "warning: table static:x: update operation is not supported|"
                                        "warning: table static:x: delete operation is not supported");
    table_close(t);
}

/* What proxymap must not be believed in is opened here, at any depth. */
static void test_no_proxy(void **state)
{
    static const char *const names[] = {"proxy:static:x", "unionmap:{proxy:static:x}", "debug:proxy:static:x", "static:x"};
    struct str value = {0};

    (void) state;
    proxy_use(true);
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        struct table *t = table_open(names[i], TABLE_NO_PROXY);
        assert_int_equal(table_find(t, "a", &value), TABLE_FOUND);
        assert_string_equal(str_text(&value), "x");
        table_close(t);
    }
    proxy_use(false);
    capture_take();
    str_done(&value);
}

/* Where another process has the table, its name says whether it takes whole keys only. */
static void test_proxied_patterns(void **state)
{
    static const struct {
        const char *name;
        bool is_pattern;
    } tables[] = {
        {"proxy:static:x", false},
        {"proxy:regexp:/etc/x", true},
        {"proxy:cidr:/etc/x", true},
        {"proxy:unionmap:{regexp:/etc/x, cidr:/etc/y}", true},
        {"proxy:unionmap:{regexp:/etc/x, static:y}", false},
        {"proxy:pipemap:{regexp:/etc/x}", true},
        {"proxy:unionmap:regexp:x", true},
    };

    (void) state;
    proxy_use(true);
    for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
        struct table *t = table_open(tables[i].name, 0);
        assert_null(table_error(t));
        assert_int_equal(table_is_pattern(t), tables[i].is_pattern);
        table_close(t);
    }
    proxy_use(false);
    capture_take();
}

static void test_proxy_changes(void **state)
{
    struct str key = {0}, value = {0};
    struct table *t = table_open("proxy:internal:x", TABLE_WRITE);

    (void) state;
    assert_int_equal(table_put(t, "k", "v"), TABLE_STORED);
    assert_int_equal(table_sync(t), TABLE_STORED);
    assert_int_equal(table_next(t, true, &key, &value), TABLE_FOUND);
    assert_string_equal(str_text(&key), "k");
    assert_string_equal(str_text(&value), "v");
    assert_int_equal(table_next(t, false, &key, &value), TABLE_ABSENT);
    assert_int_equal(table_delete(t, "k"), TABLE_FOUND);
    assert_int_equal(table_find(t, "k", &value), TABLE_ABSENT);
    table_close(t);
    str_done(&key);
    str_done(&value);
}

/* The combination is a pattern table only if every part is one. */
static void test_is_pattern(void **state)
{
    static const struct {
        const char *name;
        bool want;
    } names[] = {{"static:x", false}, {"randmap:{x}", true}, {"regexp:{{/x/ y}}", true}, {"cidr:{{1.1.1.1 y}}", true},
        {"unionmap:{static:x, regexp:{{/x/ y}}}", false}, {"pipemap:{cidr:{{1.1.1.1 y}}, regexp:{{/x/ y}}}", true},
        {"debug:regexp:{{/x/ y}}", true}, {"proxy:regexp:{{/x/ y}}", true}, {"proxy:static:x", false},
        {"inline:{a=b}", false}};

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        struct table *t = table_open(names[i].name, 0);
        assert_int_equal(table_is_pattern(t), names[i].want);
        table_close(t);
    }
}

static void test_names_are_sorted(void **state)
{
    const char *const *names = table_types();

    (void) state;
    for (size_t i = 1; names[i] != NULL; i++)
        assert_true(strcmp(names[i - 1], names[i]) < 0);
    assert_true(table_type_exists("regexp"));
    assert_false(table_type_exists("regex"));
    assert_false(table_type_is_created("regexp"));
    assert_true(table_type_is_created("fail"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_environ),
        cmocka_unit_test(test_internal_changes), cmocka_unit_test(test_unsupported), cmocka_unit_test(test_no_proxy),
        cmocka_unit_test(test_proxied_patterns),
        cmocka_unit_test(test_proxy_changes), cmocka_unit_test(test_is_pattern),
        cmocka_unit_test(test_names_are_sorted)};

    return cmocka_run_group_tests(tests, capture_setup, capture_teardown);
}
