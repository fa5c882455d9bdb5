#include "tests/unit/table/capture.h"

#include "config/config.h"
#include "mail/match.h"

static const struct {
    const char *what;
    enum match_kind kind;
    const char *list_name, *patterns;
    const char *name, *address;
    enum match_result want;
    const char *log;
} cases[] = {
    {"empty list", MATCH_DOMAINS, "p", "", "a", NULL, MATCH_NO, ""},
    {"string", MATCH_STRINGS, "p", "a, b", "B", NULL, MATCH_YES, ""},
    {"string, absent", MATCH_STRINGS, "p", "a, b", "c", NULL, MATCH_NO, ""},
    {"strings have no parents", MATCH_STRINGS, "parents", "example.com", "www.example.com", NULL, MATCH_NO, ""},
    {"negated", MATCH_STRINGS, "p", "!a b", "a", NULL, MATCH_NO, ""},
    {"negated, then not", MATCH_STRINGS, "p", "!a a", "a", NULL, MATCH_NO, ""},
    {"not, then negated", MATCH_STRINGS, "p", "a !a", "a", NULL, MATCH_YES, ""},
    {"negated twice", MATCH_STRINGS, "p", "!!a", "a", NULL, MATCH_YES, ""},
    {"table", MATCH_STRINGS, "p", "inline:{a=x}", "A", NULL, MATCH_YES, ""},
    {"negated table", MATCH_STRINGS, "p", "!inline:{a=x}, a", "a", NULL, MATCH_NO, ""},
    {"a literal before a broken table", MATCH_STRINGS, "p", "a, fail:x", "a", NULL, MATCH_YES, ""},
    {"a broken table", MATCH_STRINGS, "p", "a, fail:x, b", "b", NULL, MATCH_ERROR, "warning: p: fail:x: table lookup problem"},
    {"domain", MATCH_DOMAINS, "p", "Example.com", "eXample.com", NULL, MATCH_YES, ""},
    {"subdomain, no parents", MATCH_DOMAINS, "p", "example.com", "www.example.com", NULL, MATCH_NO, ""},
    {"subdomain, dot", MATCH_DOMAINS, "p", ".example.com", "a.www.example.com", NULL, MATCH_YES, ""},
    {"the domain itself, dot", MATCH_DOMAINS, "p", ".example.com", "example.com", NULL, MATCH_NO, ""},
    {"subdomain, parents", MATCH_DOMAINS, "parents", "example.com", "www.example.com", NULL, MATCH_YES, ""},
    {"not a subdomain", MATCH_DOMAINS, "parents", "example.com", "wwwexample.com", NULL, MATCH_NO, ""},
    {"first of two", MATCH_DOMAINS, "parents", "!foo.net net", "x.foo.net", NULL, MATCH_NO, ""},
    {"less specific first", MATCH_DOMAINS, "parents", "net !foo.net", "x.foo.net", NULL, MATCH_YES, ""},
    {"parents in a table", MATCH_DOMAINS, "parents", "inline:{example.com=x}", "a.b.example.com", NULL, MATCH_YES, ""},
    {"dots in a table", MATCH_DOMAINS, "p", "inline:{.example.com=x}", "a.b.example.com", NULL, MATCH_YES, ""},
    {"no dots in a table", MATCH_DOMAINS, "p", "inline:{example.com=x}", "a.b.example.com", NULL, MATCH_NO, ""},
    {"whole names for patterns", MATCH_DOMAINS, "parents", "regexp:{{/^example.com$/ x}}", "a.example.com", NULL, MATCH_NO, ""},
    {"address", MATCH_ADDRESSES, "p", "1.2.3.4", "1.2.3.4", NULL, MATCH_YES, ""},
    {"network", MATCH_ADDRESSES, "p", "1.2.3.0/24", "1.2.3.4", NULL, MATCH_YES, ""},
    {"other address", MATCH_ADDRESSES, "p", "1.2.3.0/24 1.1.1.1", "1.2.4.4", NULL, MATCH_NO, ""},
    {"hole in a network", MATCH_ADDRESSES, "p", "!1.2.3.4 1.2.3.0/24", "1.2.3.4", NULL, MATCH_NO, ""},
    {"hole too late", MATCH_ADDRESSES, "p", "1.2.3.0/24 !1.2.3.4", "1.2.3.4", NULL, MATCH_YES, ""},
    {"IPv6", MATCH_ADDRESSES, "p", "127.0.0.0/8 [::1]/128", "0::1", NULL, MATCH_YES, ""},
    {"IPv6 address", MATCH_ADDRESSES, "p", "[2001:db8::1]", "2001:DB8::1", NULL, MATCH_YES, ""},
    {"IPv6 without brackets is a table", MATCH_ADDRESSES, "p", "::1", "::1", NULL, MATCH_ERROR,
        "error: open dictionary: expecting \"type:name\" form instead of \"::1\"|warning: ::1 is unavailable. open "
        "dictionary: expecting \"type:name\" form instead of \"::1\"|warning: p: ::1: table lookup problem"},
    {"bad network", MATCH_ADDRESSES, "p", "10.1.0.0/8 1.1.1.1", "1.1.1.1", NULL, MATCH_ERROR,
        "warning: p: non-null host address bits in \"10.1.0.0/8\", perhaps you should use \"10.0.0.0/8\" instead"},
    {"bad network of the other family", MATCH_ADDRESSES, "p", "10.1.0.0/8 [::1]", "::1", NULL, MATCH_YES, ""},
    {"a match before the bad network", MATCH_ADDRESSES, "p", "1.1.1.1 10.1.0.0/8", "1.1.1.1", NULL, MATCH_YES, ""},
    {"junk never matches", MATCH_ADDRESSES, "p", "foo 1.1.1.1", "1.1.1.1", NULL, MATCH_YES, ""},
    {"table of networks", MATCH_ADDRESSES, "p", "cidr:{{10.0.0.0/8 x}}", "10.1.1.1", NULL, MATCH_YES, ""},
    {"client by name", MATCH_CLIENTS, "p", ".example.com 1.2.3.4", "a.example.com", "5.6.7.8", MATCH_YES, ""},
    {"client by address", MATCH_CLIENTS, "p", ".example.com 1.2.3.4", "unknown", "1.2.3.4", MATCH_YES, ""},
    {"client by neither", MATCH_CLIENTS, "p", ".example.com 1.2.3.4", "unknown", "5.6.7.8", MATCH_NO, ""},
    {"client, name first", MATCH_CLIENTS, "p", "!bad.example.com 1.0.0.0/8", "bad.example.com", "1.1.1.1", MATCH_NO, ""},
    {"client, table by address", MATCH_CLIENTS, "p", "cidr:{{10.0.0.0/8 x}}", "unknown", "10.1.1.1", MATCH_YES, ""},
    {"an unknown address is none", MATCH_ADDRESSES, "p", "unknown static:x", "unknown", NULL, MATCH_NO, ""},
    {"client, unknown address", MATCH_CLIENTS, "p", "inline:{unknown=x}", "a.example.com", "unknown", MATCH_NO, ""},
    {"file", MATCH_STRINGS, "p", "list, /tmp/no/such", "list", NULL, MATCH_YES,
        "error: open file /tmp/no/such: No such file or directory"},
    {"file that is not there", MATCH_STRINGS, "p", "/tmp/no/such, a", "a", NULL, MATCH_ERROR,
        "error: open file /tmp/no/such: No such file or directory|warning: non-existent:/tmp/no/such is unavailable. "
        "open file /tmp/no/such: No such file or directory|warning: p: non-existent:/tmp/no/such: table lookup problem"},
};

static void test_cases(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        print_message("%s\n", cases[i].what);
        struct match_list *l = match_list_open(cases[i].list_name, cases[i].patterns, cases[i].kind);
        enum match_result result = cases[i].kind == MATCH_CLIENTS
                                       ? match_list_find_client(l, cases[i].name, cases[i].address)
                                       : match_list_find(l, cases[i].name);
        assert_int_equal(result, cases[i].want);
        assert_string_equal(capture_take(), cases[i].log);
        assert_int_equal(match_list_is_empty(l), *cases[i].patterns == 0);
        match_list_close(l);
    }
}

/* A file's lines are elements; '!' in front of its name turns them round. */
static void test_files(void **state)
{
    char dir[256], list[512];

    (void) state;
    assert_non_null(getcwd(dir, sizeof(dir)));
    snprintf(list, sizeof(list), "!%s/list, other", dir);
    capture_write("list", "# comment\na, b\n  c\n!d\n");
    struct match_list *l = match_list_open("p", list, MATCH_STRINGS);
    assert_int_equal(match_list_find(l, "a"), MATCH_NO);
    assert_int_equal(match_list_find(l, "d"), MATCH_YES);
    assert_int_equal(match_list_find(l, "other"), MATCH_YES);
    match_list_close(l);
    l = match_list_open("p", list + 1, MATCH_STRINGS);
    assert_int_equal(match_list_find(l, "c"), MATCH_YES);
    assert_int_equal(match_list_find(l, "d"), MATCH_NO);
    match_list_close(l);
    match_list_close(NULL);

    snprintf(list, sizeof(list), "%s/loop", dir);
    capture_write("loop", list);
    l = match_list_open("p", list, MATCH_STRINGS);
    assert_int_equal(match_list_find(l, "a"), MATCH_ERROR);
    match_list_close(l);
    capture_take();
}

static int setup(void **state)
{
    conf.parent_domain_matches_subdomains = "parents, others";
    conf.smtputf8_enable = true;
    capture_enter_dir();
    return capture_setup(state);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_files)};

    return cmocka_run_group_tests(tests, setup, capture_teardown);
}
