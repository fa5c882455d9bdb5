#include "tests/unit/table/capture.h"

#include "base/compiler.h"
#include "config/config.h"
#include "mail/addr_map.h"

/* Addresses here are in their standard form or get it from no daemon: nothing answers in this test. */
static const struct {
    const char *what, *tables, *class, *address, *want;
    enum table_result result;
} cases[] = {
    {"one", "inline:{{a@x.example = b@y.example}}", "canonical", "a@x.example", "b@y.example", TABLE_FOUND},
    {"several", "inline:{{a@x.example = b@y.example, c@y.example}}", "virtual", "a@x.example", "b@y.example, c@y.example",
        TABLE_FOUND},
    {"the extension stays", "inline:{{a@x.example = b@y.example}}", "canonical", "a+e@x.example", "b+e@y.example",
        TABLE_FOUND},
    {"the extension goes", "inline:{{a@x.example = b@y.example}}", "generic", "a+e@x.example", "b@y.example", TABLE_FOUND},
    {"a domain", "inline:{{@x.example = @y.example}}", "canonical", "a+e@x.example", "a+e@y.example", TABLE_FOUND},
    {"a domain of ours", "inline:{{a = b@y.example}}", "canonical", "a@local.example", "b@y.example", TABLE_FOUND},
    {"our origin", "inline:{{a = b@y.example}}", "canonical", "a@origin.example", "b@y.example", TABLE_FOUND},
    {"our address", "inline:{{a = b@y.example}}", "canonical", "a@[127.0.0.1]", "b@y.example", TABLE_FOUND},
    {"another's address", "inline:{{a = b@y.example}}", "canonical", "a@[127.0.0.9]", "", TABLE_ABSENT},
    {"another domain", "inline:{{a = b@y.example}}", "canonical", "a@sub.local.example", "", TABLE_ABSENT},
    {"no entry", "inline:{{a@x.example = b@y.example}}", "canonical", "b@x.example", "", TABLE_ABSENT},
    {"no answer", "fail:x", "canonical", "b@x.example", "", TABLE_ERROR},
};

static void addresses_are_mapped(void **state)
{
    struct arena arena = {0};

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct addr_map *m = addr_map_open("some_maps", cases[i].tables, cases[i].class);
        struct vec results = {0};
        struct str text = {0};
        print_message("%s\n", cases[i].what);
        assert_string_equal(addr_map_name(m), "some_maps");
        assert_int_equal(addr_map_find(m, &arena, cases[i].address, &results), cases[i].result);
        for (size_t j = 0; j < results.count; j++)
            str_addf(&text, "%s%s", j > 0 ? ", " : "", (const char *) results.items[j]);
        assert_string_equal(str_text(&text), cases[i].want);
        addr_map_close(m);
        vec_done(&results, NULL);
        str_done(&text);
    }
    arena_done(&arena);
}

static void no_tables(void **state)
{
    (void) state;
    assert_null(addr_map_open("some_maps", "", "canonical"));
    addr_map_close(NULL);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(addresses_are_mapped),
        cmocka_unit_test(no_tables),
    };

    conf.myorigin = "origin.example";
    conf.mydestination = "local.example";
    conf.inet_interfaces = "127.0.0.1";
    conf.inet_protocols = "ipv4";
    conf.proxy_interfaces = "";
    conf.recipient_delimiter = "+";
    conf.propagate_unmatched_extensions = "canonical, virtual";
    conf.double_bounce_sender = "double-bounce";
    conf.parent_domain_matches_subdomains = "";
    return cmocka_run_group_tests(tests, capture_setup, capture_teardown);
}
