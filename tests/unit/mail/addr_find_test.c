#include "tests/unit/table/capture.h"

#include <strings.h>

#include "mail/addr_find.h"

static enum match_result is_local(void *context, const char *domain)
{
    (void) context;
    if (strcasecmp(domain, "broken.example") == 0)
        return MATCH_ERROR;
    return strcasecmp(domain, "local.example") == 0 ? MATCH_YES : MATCH_NO;
}

enum { PARENTS = ADDR_FIND_TRANSPORT | ADDR_FIND_PARENTS, DOTS = ADDR_FIND_ACCESS | ADDR_FIND_DOT_PARENTS };

/* Which key finds an address: the table has that key alone, and its value is "v". */
static const struct {
    const char *what;
    unsigned steps;
    const char *key, *address;
    bool want;
    const char *extension;
} keys[] = {
    {"full", ADDR_FIND_ADDRESS, "user+ext@local.example", "user+ext@local.example", true, ""},
    {"full, whatever the case", ADDR_FIND_ADDRESS, "user@local.example", "USER@Local.Example", true, ""},
    {"no extension", ADDR_FIND_ADDRESS, "user@local.example", "user+ext@local.example", true, "+ext"},
    {"other delimiter", ADDR_FIND_ADDRESS, "user@local.example", "user-ext+x@local.example", true, "-ext+x"},
    {"user and extension", ADDR_FIND_ADDRESS, "user+ext", "user+ext@local.example", true, ""},
    {"user", ADDR_FIND_ADDRESS, "user", "user+ext@local.example", true, "+ext"},
    {"user, not a local domain", ADDR_FIND_ADDRESS, "user", "user+ext@other.example", false, ""},
    {"@domain", ADDR_FIND_ADDRESS, "@other.example", "user+ext@other.example", true, ""},
    {"domain is not asked for", ADDR_FIND_ADDRESS, "other.example", "user@other.example", false, ""},
    {"no domain", ADDR_FIND_ADDRESS, "user", "user+ext", true, "+ext"},
    {"double-bounce stays whole", ADDR_FIND_ADDRESS, "double", "double-bounce@local.example", false, ""},
    {"transport, domain", PARENTS, "other.example", "user@other.example", true, ""},
    {"transport, parent", PARENTS, "example", "user@sub.other.example", true, ""},
    {"transport, parent with dot", PARENTS, ".other.example", "user@sub.other.example", false, ""},
    {"transport, @domain is not asked for", PARENTS, "@other.example", "user@other.example", false, ""},
    {"access, parent with dot", DOTS, ".other.example", "user@sub.other.example", true, ""},
    {"access, bare parent", DOTS, "other.example", "user@sub.other.example", false, ""},
    {"access, the domain with dot", DOTS, ".other.example", "user@other.example", false, ""},
    {"access, user@", DOTS, "user@", "user+ext@other.example", true, "+ext"},
    {"access, user+ext@", DOTS, "user+ext@", "user+ext@other.example", true, ""},
    {"access, user", DOTS, "user", "user@local.example", false, ""},
    {"user@ of local domains", ADDR_FIND_LOCAL_USER_AT, "user@", "user@local.example", true, ""},
    {"user@ of other domains", ADDR_FIND_LOCAL_USER_AT, "user@", "user@other.example", false, ""},
};

static void test_keys(void **state)
{
    struct str name = {0}, value = {0}, extension = {0};

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(keys); i++) {
        print_message("%s\n", keys[i].what);
        str_setf(&name, "inline:{{%s = v}}", keys[i].key);
        struct addr_find f = {.tables = table_list_open(str_text(&name), TABLE_FOLD),
            .steps = keys[i].steps,
            .delimiters = "+-",
            .double_bounce = "double-bounce",
            .is_local = is_local};
        assert_int_equal(addr_find(&f, keys[i].address, &value, &extension), keys[i].want ? TABLE_FOUND : TABLE_ABSENT);
        assert_string_equal(str_text(&extension), keys[i].extension);
        table_list_close(f.tables);
    }
    str_done(&name);
    str_done(&value);
    str_done(&extension);
}

/* Among several keys, the order in which they are asked for decides. */
static const struct {
    const char *what;
    unsigned steps;
    const char *tables, *address;
    enum table_result want;
    const char *value;
} orders[] = {
    {"most specific first", ADDR_FIND_ADDRESS, "inline:{@local.example=4, user=3, user@local.example=2}",
        "user+ext@local.example", TABLE_FOUND, "2"},
    {"user before @domain", ADDR_FIND_ADDRESS, "inline:{@local.example=4, user=3}", "user+ext@local.example", TABLE_FOUND,
        "3"},
    {"all tables for one key before the next key", ADDR_FIND_ADDRESS, "inline:{@x.example=1} inline:{user@x.example=2}",
        "user@x.example", TABLE_FOUND, "2"},
    {"access, domain before user@", DOTS, "inline:{user@=1, x.example=2}", "user@x.example", TABLE_FOUND, "2"},
    {"patterns see the whole address", ADDR_FIND_ADDRESS, "regexp:{{/(.*)/ <$1>}}", "User+ext@x.example", TABLE_FOUND,
        "<User+ext@x.example>"},
    {"patterns do not see parts", ADDR_FIND_ADDRESS, "regexp:{{/^user@/ x}}", "user+ext@x.example", TABLE_ABSENT, ""},
    {"external form first", ADDR_FIND_ADDRESS, "regexp:{{/^\"a b\"@/ external}, {/^a b@/ internal}}", "a b@x.example",
        TABLE_FOUND, "external"},
    {"then internal form", ADDR_FIND_ADDRESS, "inline:{{a b@x.example = internal}}", "a b@x.example", TABLE_FOUND,
        "internal"},
    {"an error ends it", ADDR_FIND_ADDRESS, "fail:x static:y", "user@x.example", TABLE_ERROR, ""},
    {"no word on whether it is local", ADDR_FIND_ADDRESS, "inline:{@broken.example=x}", "user@broken.example", TABLE_ERROR,
        ""},
};

static void test_orders(void **state)
{
    struct str value = {0};

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(orders); i++) {
        print_message("%s\n", orders[i].what);
        struct addr_find f = {.tables = table_list_open(orders[i].tables, TABLE_FOLD),
            .steps = orders[i].steps,
            .delimiters = "+",
            .is_local = is_local};
        assert_int_equal(addr_find(&f, orders[i].address, &value, NULL), orders[i].want);
        if (orders[i].want == TABLE_FOUND)
            assert_string_equal(str_text(&value), orders[i].value);
        table_list_close(f.tables);
    }
    str_done(&value);
    capture_take();
}

static const struct {
    const char *what, *address, *result, *extension;
    bool is_propagated;
    const char *want; /* joined by '|' */
} results[] = {
    {"one address", "a@x", "b@y", "", true, "b@y"},
    {"several", "a@x", "b@y, c@z d", "", true, "b@y|c@z|d"},
    {"extension", "a+e@x", "b@y, c", "+e", true, "b+e@y|c+e"},
    {"extension, not propagated", "a+e@x", "b@y, c", "+e", false, "b@y|c"},
    {"@domain keeps the user", "a+e@x", "@y", "+e", false, "a@y"},
    {"and its extension", "a+e@x", "@y", "+e", true, "a+e@y"},
    {"@domain, nothing was left off", "a+e@x", "@y", "", false, "a+e@y"},
    {"@domain, no domain before", "a", "@y", "", true, "a@y"},
    {"quoted", "a@x", "\"b c\"@y", "+e", true, "b c+e@y"},
};

static void test_results(void **state)
{
    struct arena a = {0};
    struct str joined = {0};

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(results); i++) {
        struct vec list = {0};
        print_message("%s\n", results[i].what);
        addr_find_expand(&a, results[i].address, results[i].result, results[i].extension, results[i].is_propagated,
            &list);
        str_clear(&joined);
        for (size_t n = 0; n < list.count; n++)
            str_addf(&joined, "%s%s", n == 0 ? "" : "|", (const char *) list.items[n]);
        assert_string_equal(str_text(&joined), results[i].want);
        vec_done(&list, NULL);
    }
    str_done(&joined);
    arena_done(&a);
}

static void test_domains_and_networks(void **state)
{
    static const struct {
        const char *table, *key;
        char kind; /* n: network, p: parents, d: with dots */
        enum table_result want;
    } rows[] = {{"inline:{10.1=x}", "10.1.2.3", 'n', TABLE_FOUND}, {"inline:{10=x}", "10.1.2.3", 'n', TABLE_FOUND},
        {"inline:{10.1.2.=x}", "10.1.2.3", 'n', TABLE_ABSENT}, {"inline:{2001:db8=x}", "2001:db8::1", 'n', TABLE_FOUND},
        {"cidr:{{10.0.0.0/8 x}}", "10.1.2.3", 'n', TABLE_FOUND}, {"regexp:{{/^10.1$/ x}}", "10.1.2.3", 'n', TABLE_ABSENT},
        {"inline:{b.c=x}", "a.b.c", 'p', TABLE_FOUND}, {"inline:{.b.c=x}", "a.b.c", 'p', TABLE_ABSENT},
        {"inline:{.c=x}", "a.b.c", 'd', TABLE_FOUND}, {"inline:{a.b.c=x}", "a.b.c", 'd', TABLE_FOUND},
        {"regexp:{{/^a.b.c$/ x}}", "a.b.c", 'd', TABLE_FOUND}, {"regexp:{{/^b.c$/ x}}", "a.b.c", 'p', TABLE_ABSENT}};
    struct str value = {0};

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
        struct table_list *l = table_list_open(rows[i].table, TABLE_FOLD);
        print_message("%s %s\n", rows[i].table, rows[i].key);
        assert_int_equal(rows[i].kind == 'n' ? addr_find_network(l, rows[i].key, &value)
                                             : addr_find_domain(l, rows[i].key, rows[i].kind == 'p', &value),
            rows[i].want);
        table_list_close(l);
    }
    str_done(&value);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_keys), cmocka_unit_test(test_orders),
        cmocka_unit_test(test_results), cmocka_unit_test(test_domains_and_networks)};

    return cmocka_run_group_tests(tests, capture_setup, capture_teardown);
}
