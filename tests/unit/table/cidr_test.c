#include "tests/unit/table/capture.h"

#include <arpa/inet.h>

#include "base/mem.h"
#include "table/prefix_tree.h"
#include "table/table.h"

static const struct {
    const char *what, *rules, *key, *want; /* want NULL: absent */
    const char *log;                       /* without "cidr map RULES, line N: " and ": skipping this rule" */
} cases[] = {
    {"address", "{1.2.3.4 a}", "1.2.3.4", "a", ""},
    {"other address", "{1.2.3.4 a}", "1.2.3.5", NULL, ""},
    {"network", "{1.2.3.0/24 a}", "1.2.3.255", "a", ""},
    {"everything", "{0.0.0.0/0 a}", "1.2.3.255", "a", ""},
    {"everything, the other family", "{0.0.0.0/0 a}", "::1", NULL, ""},
    {"first, though less specific", "{1.2.0.0/16 a}, {1.2.3.4 b}", "1.2.3.4", "a", ""},
    {"first, more specific", "{1.2.3.4 b}, {1.2.0.0/16 a}", "1.2.3.4", "b", ""},
    {"second", "{1.2.3.4 b}, {1.2.0.0/16 a}", "1.2.3.5", "a", ""},
    {"the same twice", "{1.2.3.4 a}, {1.2.3.4 b}", "1.2.3.4", "a", ""},
    {"IPv6", "{fe80::/10 a}", "FE80::1", "a", ""},
    {"IPv6 address, other spelling", "{::1 a}", "0:0:0:0:0:0:0:1", "a", ""},
    {"brackets", "{[fe80::]/10 a}", "fe80::1", "a", ""},
    {"brackets around all", "{[1.2.3.0/24] a}", "1.2.3.1", "a", ""},
    {"no brackets in keys", "{1.2.3.4 a}", "[1.2.3.4]", NULL, ""},
    {"mapped IPv4 is IPv6", "{1.2.3.4 a}", "::ffff:1.2.3.4", NULL, ""},
    {"not an address", "{0.0.0.0/0 a}", "foo", NULL, ""},
    {"negated", "{!10.0.0.0/8 a}", "11.1.1.1", "a", ""},
    {"negated, inside", "{!10.0.0.0/8 a}", "10.1.1.1", NULL, ""},
    {"negated, other family", "{!10.0.0.0/8 a}", "::1", NULL, ""},
    {"negated, blanks", "{! 10.0.0.0/8 a}", "1.1.1.1", "a", ""},
    {"a plain rule before a negated", "{1.1.1.1 b}, {!10.0.0.0/8 a}", "1.1.1.1", "b", ""},
    {"a negated rule before a plain", "{!10.0.0.0/8 a}, {1.1.1.1 b}", "1.1.1.1", "a", ""},
    {"if", "{if 10.0.0.0/8}, {0.0.0.0/0 in}, {endif}, {0.0.0.0/0 out}", "10.1.1.1", "in", ""},
    {"if not", "{if 10.0.0.0/8}, {0.0.0.0/0 in}, {endif}, {0.0.0.0/0 out}", "1.1.1.1", "out", ""},
    {"negated if", "{if !10.0.0.0/8}, {0.0.0.0/0 in}, {endif}, {0.0.0.0/0 out}", "1.1.1.1", "in", ""},
    {"if within if", "{if 10.0.0.0/8}, {if !10.2.0.0/16}, {0.0.0.0/0 1}, {endif}, {10.2.0.0/16 2}, {endif}", "10.2.1.1",
        "2", ""},
    {"a rule before an if", "{10.1.0.0/16 x}, {if 10.0.0.0/8}, {0.0.0.0/0 in}, {endif}", "10.1.1.1", "x", ""},
    {"nothing in the if", "{if 10.0.0.0/8}, {endif}, {10.0.0.0/8 x}", "10.1.1.1", "x", ""},
    {"if without end", "{if 10.0.0.0/8}, {10.1.0.0/16 x}", "10.1.1.1", "x", "IF has no matching ENDIF"},
    {"end without if", "{endif}", "1.1.1.1", NULL, "ENDIF without IF"},
    {"end and more", "{if 1.1.1.1}, {endif x}", "1.1.1.1", NULL, "garbage after ENDIF|IF has no matching ENDIF"},
    {"host bits", "{1.2.3.4/24 a}", "1.2.3.4", NULL,
        "non-null host address bits in \"1.2.3.4/24\", perhaps you should use \"1.2.3.0/24\" instead"},
    {"mask too long", "{1.2.3.4/33 a}", "1.2.3.4", NULL, "bad mask length in \"1.2.3.4/33\""},
    {"mask no number", "{1.2.3.4/x a}", "1.2.3.4", NULL, "bad mask value in \"1.2.3.4/x\""},
    {"mask with sign", "{1.2.3.4/-1 a}", "1.2.3.4", NULL, "bad mask value in \"1.2.3.4/-1\""},
    {"bad network", "{x/8 a}", "1.2.3.4", NULL, "bad network value in \"x/8\""},
    {"bad address", "{1.2.3 a}", "1.2.3.4", NULL, "bad address pattern: \"1.2.3\""},
    {"octal", "{010.1.1.1 a}", "8.1.1.1", NULL, "bad address pattern: \"010.1.1.1\""},
    {"brackets open", "{[1.2.3.4 a}", "1.2.3.4", NULL, "missing ']' character after \"[1.2.3.4\""},
    {"text behind brackets", "{[1.2.3.4]x a}", "1.2.3.4", NULL, "garbage after \"[1.2.3.4]\""},
    {"no result", "{1.2.3.4}", "1.2.3.4", NULL, "no lookup result"},
    {"no pattern", "{if !}", "1.2.3.4", NULL, "no address pattern"},
};

static void strip(struct str *out, const char *log, const char *rules)
{
    struct str prefix = {0};

    str_setf(&prefix, "cidr map {%s}, line ", rules);
    for (const char *at = log; (at = strstr(at, str_text(&prefix))) != NULL;) {
        at = strstr(at + prefix.len, ": ") + 2;
        const char *end = strstr(at, "|warning: "), *skip = strstr(at, ": skipping this rule");
        end = end == NULL ? at + strlen(at) : end;
        end = skip != NULL && skip < end ? skip : end;
        str_addf(out, "%s%.*s", out->len == 0 ? "" : "|", (int) (end - at), at);
    }
    str_done(&prefix);
}

static void test_cases(void **state)
{
    struct str name = {0}, value = {0}, log = {0};

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        print_message("%s\n", cases[i].what);
        str_setf(&name, "cidr:{%s}", cases[i].rules);
        struct table *t = table_open(str_text(&name), 0);
        str_clear(&log);
        strip(&log, capture_take(), cases[i].rules);
        assert_string_equal(str_text(&log), cases[i].log);
        assert_int_equal(table_find(t, cases[i].key, &value), cases[i].want == NULL ? TABLE_ABSENT : TABLE_FOUND);
        assert_string_equal(str_text(&value), cases[i].want == NULL ? "" : cases[i].want);
        table_close(t);
    }
    str_done(&name);
    str_done(&value);
    str_done(&log);
}

static void random_net(struct net_pattern *p, bool is_address)
{
    *p = (struct net_pattern){.family = random() % 2 == 0 ? AF_INET : AF_INET6};
    unsigned bits = p->family == AF_INET ? 32 : 128;
    p->prefix_len = is_address ? bits : (unsigned) random() % (bits + 1);
    for (unsigned bit = 0; bit < p->prefix_len; bit++) /* mostly zero, so that networks lie within each other */
        if (random() % 8 == 0)
            p->bytes[bit / 8] |= (unsigned char) (0x80 >> bit % 8);
}

/* The tree says what going through the networks in order says. */
static void test_tree_is_a_list(void **state)
{
    enum { NETS = 500, ADDRESSES = 5000 };
    struct net_pattern *nets = mem_alloc(NETS * sizeof(*nets)), address;
    struct prefix_tree tree = {0};

    (void) state;
    srandom(1);
    for (uint32_t i = 0; i < NETS; i++) {
        random_net(&nets[i], false);
        prefix_tree_add(&tree, &nets[i], i);
    }
    for (int i = 0; i < ADDRESSES; i++) {
        uint32_t want = PREFIX_TREE_NONE;
        random_net(&address, true);
        for (uint32_t n = 0; n < NETS && want == PREFIX_TREE_NONE; n++)
            if (net_pattern_matches(&nets[n], &address))
                want = n;
        assert_int_equal(prefix_tree_find(&tree, &address), want);
    }
    prefix_tree_done(&tree);
    mem_free(nets);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_cases), cmocka_unit_test(test_tree_is_a_list)};

    return cmocka_run_group_tests(tests, capture_setup, capture_teardown);
}
