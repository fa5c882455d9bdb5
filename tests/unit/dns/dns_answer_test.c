#include "tests/unit/test.h"

#include "dns/dns_answer.h"
#include "packet.h"

static const char *parse(
    struct arena *a, const struct str *p, const char *name, enum dns_type type, struct dns_answer *out)
{
    *out = (struct dns_answer){.type = type, .asked = name, .name = name};
    return dns_answer_parse(a, (const unsigned char *) p->data, p->len, out);
}

static void test_mx(void **state)
{
    struct str p = {0};
    struct arena a = {0};
    struct dns_answer answer;

    (void) state;
    packet_begin(&p, 1, 0, 3, 0, "x.test", 15);
    packet_pointer(&p, "x.test", 15, 300, 20, "b.x.test");
    packet_pointer(&p, "x.test", 15, 200, 10, "192.0.2.1"); /* an address is no host name */
    packet_pointer(&p, "x.test", 15, 100, 10, "a.x.test");
    assert_null(parse(&a, &p, "x.test", DNS_MX, &answer));
    assert_int_equal(answer.result, DNS_FOUND);
    assert_int_equal(answer.count, 2);
    assert_int_equal(answer.ttl, 100);
    assert_string_equal(answer.records[0].name, "b.x.test");
    assert_int_equal(answer.records[0].preference, 20);
    assert_string_equal(answer.records[1].owner, "x.test");
    assert_false(answer.is_secure);
    str_done(&p);
    arena_done(&a);
}

static void test_null_mx(void **state)
{
    struct str p = {0}, text = {0};
    struct arena a = {0};
    struct dns_answer answer;

    (void) state;
    packet_begin(&p, 1, 0, 1, 0, "x.test", 15);
    packet_pointer(&p, "x.test", 15, 300, 0, "");
    parse(&a, &p, "x.test", DNS_MX, &answer);
    assert_int_equal(answer.result, DNS_POLICY);
    dns_error_text(&answer, &text);
    assert_string_equal(str_text(&text), "Domain x.test does not accept mail (nullMX)");

    packet_begin(&p, 1, 0, 2, 0, "x.test", 15); /* beside others it means nothing */
    packet_pointer(&p, "x.test", 15, 300, 0, "");
    packet_pointer(&p, "x.test", 15, 300, 10, "a.test");
    parse(&a, &p, "x.test", DNS_MX, &answer);
    assert_int_equal(answer.result, DNS_FOUND);
    assert_int_equal(answer.count, 1);
    str_done(&p);
    str_done(&text);
    arena_done(&a);
}

static void test_negative(void **state)
{
    static const struct {
        const char *what;
        int rcode;
        bool has_soa;
        enum dns_result result;
        bool is_nxdomain;
        uint32_t ttl;
        const char *reason;
    } cases[] = {
        {"no such name", 3, true, DNS_NONE, true, 30, "Host not found"},
        {"no such name, no SOA", 3, false, DNS_NONE, true, 0, "Host not found"},
        {"no such type", 0, true, DNS_NONE, false, 30, "Host found but no data record of requested type"},
        {"server failure", 2, false, DNS_RETRY, false, 0, "Host not found, try again"},
        {"refused", 5, false, DNS_RETRY, false, 0, "Host not found, try again"},
    };
    struct str p = {0};
    struct arena a = {0};
    struct dns_answer answer;

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        print_message("%s\n", cases[i].what);
        packet_begin(&p, 1, cases[i].rcode, 0, cases[i].has_soa, "x.test", 1);
        if (cases[i].has_soa)
            packet_soa(&p, "test", 60, 30);
        assert_null(parse(&a, &p, "x.test", DNS_A, &answer));
        assert_int_equal(answer.result, cases[i].result);
        assert_int_equal(answer.is_nxdomain, cases[i].is_nxdomain);
        assert_int_equal(answer.ttl, cases[i].ttl);
        assert_string_equal(answer.reason, cases[i].reason);
    }
    str_done(&p);
    arena_done(&a);
}

static void test_alias(void **state)
{
    struct str p = {0};
    struct arena a = {0};
    struct dns_answer answer;

    (void) state;
    packet_begin(&p, 1, 0, 2, 0, "x.test", 1);
    packet_pointer(&p, "x.test", 5, 50, -1, "y.test");
    packet_record(&p, "y.test", 1, 300, "\x7f\0\0\1", 4);
    assert_null(parse(&a, &p, "x.test", DNS_A, &answer));
    assert_int_equal(answer.result, DNS_FOUND);
    assert_string_equal(answer.name, "y.test");
    assert_int_equal(answer.ttl, 50);

    packet_begin(&p, 1, 0, 1, 0, "x.test", 1); /* the target is somewhere else: ask again */
    packet_pointer(&p, "x.test", 5, 50, -1, "y.test");
    assert_string_equal(parse(&a, &p, "x.test", DNS_A, &answer), "y.test");

    packet_begin(&p, 1, 0, 1, 1, "x.test", 1); /* the server knows that there is nothing */
    packet_pointer(&p, "x.test", 5, 50, -1, "y.test");
    packet_soa(&p, "test", 60, 30);
    assert_null(parse(&a, &p, "x.test", DNS_A, &answer));
    assert_int_equal(answer.result, DNS_NONE);
    str_done(&p);
    arena_done(&a);
}

static void test_other_types(void **state)
{
    struct str p = {0}, srv = {0};
    struct arena a = {0};
    struct dns_answer answer;
    char host[NET_HOST_LEN];

    (void) state;
    packet_begin(&p, 1, 0, 1, 0, "x.test", 16);
    packet_record(&p, "x.test", 16, 300, "\3abc\2de", 7);
    parse(&a, &p, "x.test", DNS_TXT, &answer);
    assert_string_equal(answer.records[0].bytes, "abcde");

    packet_begin(&p, 1, 0, 1, 0, "x.test", 16); /* a string longer than its record */
    packet_record(&p, "x.test", 16, 300, "\7abc", 4);
    parse(&a, &p, "x.test", DNS_TXT, &answer);
    assert_int_equal(answer.result, DNS_NONE);
    assert_true(answer.is_invalid);

    packet_number(&srv, 1, 2);
    packet_number(&srv, 2, 2);
    packet_number(&srv, 587, 2);
    packet_name(&srv, "h.test");
    packet_begin(&p, 1, 0, 1, 0, "x.test", 33);
    packet_record(&p, "x.test", 33, 300, srv.data, srv.len);
    parse(&a, &p, "x.test", DNS_SRV, &answer);
    assert_int_equal(answer.records[0].preference, 1);
    assert_int_equal(answer.records[0].weight, 2);
    assert_int_equal(answer.records[0].port, 587);
    assert_string_equal(answer.records[0].name, "h.test");

    packet_begin(&p, 1, 0, 1, 0, "x.test", 28);
    packet_record(&p, "x.test", 28, 300, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16);
    parse(&a, &p, "x.test", DNS_AAAA, &answer);
    assert_string_equal(net_host(&answer.records[0].addr, host), "2001:db8::1");

    packet_begin(&p, 1, 0, 1, 0, "x.test", 52);
    packet_record(&p, "x.test", 52, 300, "\3\1\1hash", 7);
    parse(&a, &p, "x.test", DNS_TLSA, &answer);
    assert_int_equal(answer.records[0].n, 7);
    str_done(&p);
    str_done(&srv);
    arena_done(&a);
}

/* Each cut of a good reply must be refused or understood in part, never read beyond. */
static void test_cut_off(void **state)
{
    struct str p = {0};
    struct dns_answer answer;

    (void) state;
    packet_begin(&p, 1, 0, 2, 0, "x.test", 15);
    packet_pointer(&p, "x.test", 15, 300, 20, "b.x.test");
    packet_pointer(&p, "x.test", 15, 300, 10, "a.x.test");
    for (size_t n = 0; n < p.len; n++) {
        struct arena a = {0};
        unsigned char *copy = test_malloc(n + 1);
        memcpy(copy, p.data, n);
        answer = (struct dns_answer){.type = DNS_MX, .asked = "x.test", .name = "x.test"};
        dns_answer_parse(&a, copy, n, &answer);
        assert_int_equal(answer.result, DNS_RETRY);
        test_free(copy);
        arena_done(&a);
    }
    str_done(&p);
}

static void test_endless_pointer(void **state)
{
    struct str p = {0};
    struct arena a = {0};
    struct dns_answer answer;

    (void) state;
    packet_begin(&p, 1, 0, 1, 0, "x.test", 15);
    size_t at = p.len;
    packet_number(&p, 0xc000 | (unsigned) at, 2); /* points to itself */
    packet_number(&p, 15, 2);
    packet_number(&p, 1, 2);
    packet_number(&p, 300, 4);
    packet_number(&p, 0, 2);
    parse(&a, &p, "x.test", DNS_MX, &answer);
    assert_int_equal(answer.result, DNS_RETRY);
    str_done(&p);
    arena_done(&a);
}

static void test_name_is_valid(void **state)
{
    static const struct {
        const char *name;
        bool want;
    } cases[] = {
        {"example.com", true},
        {"_dmarc.example.com", true},
        {"a-b.c", true},
        {"1.2.0.192.in-addr.arpa", true},
        {"localhost", true},
        {"", false},
        {".", false},
        {"a..b", false},
        {".a", false},
        {"a.", false},
        {"-a.b", false},
        {"a-.b", false},
        {"a.b-", false},
        {"192.0.2.1", false},
        {"a b", false},
        {"a\xc3\xa9.b", false},
        {"a123456789012345678901234567890123456789012345678901234567890123.b", false},
    };

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        print_message("\"%s\"\n", cases[i].name);
        assert_int_equal(dns_name_is_valid(cases[i].name), cases[i].want);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_mx),
        cmocka_unit_test(test_null_mx),
        cmocka_unit_test(test_negative),
        cmocka_unit_test(test_alias),
        cmocka_unit_test(test_other_types),
        cmocka_unit_test(test_cut_off),
        cmocka_unit_test(test_endless_pointer),
        cmocka_unit_test(test_name_is_valid),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
