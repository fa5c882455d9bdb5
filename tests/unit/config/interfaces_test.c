#include "config/interfaces.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "tests/unit/test.h"

static const struct {
    const char *addr, *style, *want; /* addr: "address/prefix length" of an interface, several */
} networks[] = {
    {"", "host", ""},
    {"127.0.0.1/8", "host", "127.0.0.1/32"},
    {"127.0.0.1/8", "subnet", "127.0.0.0/8"},
    {"192.0.2.77/26", "subnet", "192.0.2.64/26"},
    {"192.0.2.77/26", "class", "192.0.2.0/24"},
    {"172.16.5.6/30", "class", "172.16.0.0/16"},
    {"10.1.2.3/24", "class", "10.0.0.0/8"},
    {"2001:db8:1:2::3/64", "subnet", "[2001:db8:1:2::]/64"},
    {"2001:db8:1:2::3/64", "class", "[2001:db8:1:2::]/64"},
    {"2001:db8:1:2::3/64", "host", "[2001:db8:1:2::3]/128"},
    {"::1/128 127.0.0.1/8 2001:db8::1/32", "subnet", "127.0.0.0/8 [::1]/128 [2001:db8::]/32"},
    {"192.0.2.1/24 192.0.2.2/24", "subnet", "192.0.2.0/24"},
    {"192.0.2.1/24 192.0.2.2/24", "host", "192.0.2.1/32 192.0.2.2/32"},
    {"192.0.2.255/0", "subnet", "0.0.0.0/0"},
};

static void add(struct interfaces *i, const char *word)
{
    char host[64];
    int prefix_len = atoi(strchr(word, '/') + 1);

    snprintf(host, sizeof(host), "%.*s", (int) (strchr(word, '/') - word), word);
    i->list = mem_realloc(i->list, (i->count + 1) * sizeof(*i->list));
    assert_true(net_parse(&i->list[i->count].addr, host, 0));
    i->list[i->count++].prefix_len = prefix_len;
}

static void makes_networks(void **state)
{
    struct str text = {0}, why = {0};
    char words[128];

    (void) state;
    for (size_t n = 0; n < ARRAY_SIZE(networks); n++) {
        struct interfaces i = {0};
        snprintf(words, sizeof(words), "%s", networks[n].addr);
        for (char *word = strtok(words, " "); word != NULL; word = strtok(NULL, " "))
            add(&i, word);
        str_clear(&text);
        assert_true(interfaces_networks(&i, networks[n].style, &text, &why));
        assert_string_equal(str_text(&text), networks[n].want);
        interfaces_done(&i);
    }
    struct interfaces none = {0};
    assert_false(interfaces_networks(&none, "x", &text, &why));
    str_done(&text);
    str_done(&why);
}

static const struct {
    const char *value;
    int want;
} protocols[] = {
    {"all", INTERFACES_IPV4 | INTERFACES_IPV6},
    {"", INTERFACES_IPV4 | INTERFACES_IPV6},
    {"ipv4", INTERFACES_IPV4},
    {"ipv6", INTERFACES_IPV6},
    {"ipv4, ipv6", INTERFACES_IPV4 | INTERFACES_IPV6},
    {"IPv4", 0},
    {"ipv4,x", 0},
};

static void reads_protocols(void **state)
{
    struct str why = {0};

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(protocols); i++)
        assert_int_equal(interfaces_protocols(protocols[i].value, &why), protocols[i].want);
    assert_string_equal(str_text(&why), "unknown inet_protocols value \"x\" in \"ipv4,x\"");
    str_done(&why);
}

static bool find(struct interfaces *i, const char *names, const char *inet_protocols, struct str *why)
{
    *i = (struct interfaces){0};
    str_clear(why);
    return interfaces_find(i, names, inet_protocols, why);
}

static void finds_loopback(void **state)
{
    struct interfaces i;
    struct net_addr localhost, elsewhere;
    struct str why = {0};

    (void) state;
    assert_true(net_parse(&localhost, "127.0.0.1", 25));
    assert_true(net_parse(&elsewhere, "203.0.113.77", 25));

    assert_true(find(&i, "loopback-only", "ipv4", &why));
    assert_true(interfaces_has(&i, &localhost));
    for (size_t n = 0; n < i.count; n++)
        assert_int_equal(ntohl(i.list[n].addr.in.sin_addr.s_addr) >> 24, 127);
    interfaces_done(&i);

    assert_true(find(&i, "all", "all", &why));
    assert_true(interfaces_has(&i, &localhost));
    assert_false(interfaces_has(&i, &elsewhere));
    interfaces_done(&i);

    assert_true(find(&i, "127.0.0.1, [127.0.0.1]", "all", &why));
    assert_int_equal(i.count, 1);
    assert_int_equal(i.list[0].prefix_len, 8);
    interfaces_done(&i);

    assert_true(find(&i, "", "all", &why));
    assert_int_equal(i.count, 0);
    assert_false(find(&i, "203.0.113.77", "all", &why));
    assert_string_equal(str_text(&why), "parameter inet_interfaces: no local interface found for 203.0.113.77");
    str_done(&why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(makes_networks),
        cmocka_unit_test(reads_protocols),
        cmocka_unit_test(finds_loopback),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
