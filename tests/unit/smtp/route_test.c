/* Destinations, and the order of servers. Names are looked up by deliver_test's neighbours in
 * tests/system; here no question is asked. */
#include "dialogue.h"

#include "smtp/route.h"
#include "smtp/xtext.h"

static unsigned first(unsigned n)
{
    (void) n;
    return 0;
}

static unsigned last(unsigned n)
{
    return n - 1;
}

static void test_parse(void **state)
{
    static const struct {
        const char *text, *host;
        int port;
        bool is_quoted, is_unix;
    } cases[] = {
        {"example.com", "example.com", 25, false, false}, {"[example.com]", "example.com", 25, true, false},
        {"example.com:587", "example.com", 587, false, false}, {"[example.com]:2525", "example.com", 2525, true, false},
        {"example.com:submission", "example.com", 587, false, false}, {"[IPv6:2001:db8::1]:26", "2001:db8::1", 26, true, false},
        {"[::1]", "::1", 25, true, false}, {"inet:[127.0.0.1]:24", "127.0.0.1", 24, true, false},
        {"unix:private/x", "private/x", 0, false, true},
        {"[example.com", NULL, 0, false, false}, {"[a]x", NULL, 0, false, false}, {":25", NULL, 0, false, false},
        {"a:0", NULL, 0, false, false}, {"a:99999", NULL, 0, false, false}, {"a:no-such-service", NULL, 0, false, false},
    };
    struct destination to;
    const char *why;

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        print_message("%s\n", cases[i].text);
        assert_int_equal(smtp_destination_parse(&dialogue_memory, cases[i].text, &to, &why), cases[i].host != NULL);
        if (cases[i].host == NULL) {
            assert_non_null(why);
            continue;
        }
        assert_string_equal(to.host, cases[i].host);
        assert_int_equal(to.port, cases[i].port);
        assert_int_equal(to.is_quoted, cases[i].is_quoted);
        assert_int_equal(to.is_unix, cases[i].is_unix);
    }
}

/* "10a 20b" is hosts a and b with preferences; a capital has an IPv6 address. */
static struct route make_route(const char *text, struct server *room)
{
    struct route r = {.servers = room};

    for (; *text != 0; r.count++) {
        char name[2] = {0};
        room[r.count] = (struct server){.preference = (unsigned) strtoul(text, (char **) &text, 10)};
        name[0] = *text++;
        room[r.count].host = arena_strdup(&dialogue_memory, name);
        char *address = arena_printf(&dialogue_memory, name[0] >= 'a' ? "10.0.0.%d" : "2001:db8::%d", name[0]);
        net_parse(&room[r.count].addr, address, 25);
        text += *text == ' ';
    }
    return r;
}

static void assert_order(const struct route *r, const char *want)
{
    struct str got = {0};

    for (size_t i = 0; i < r->count; i++)
        str_adds(&got, r->servers[i].host);
    assert_string_equal(str_text(&got), want);
    str_done(&got);
}

static void test_sort(void **state)
{
    static const struct {
        const char *what, *servers, *preference;
        unsigned (*random_number)(unsigned n);
        const char *want;
    } cases[] = {
        {"by preference", "20a 10b 30c", "any", last, "bac"},
        {"equals as they come", "10a 10b 10c", "any", last, "abc"},
        {"equals shuffled", "10a 10b 10c", "any", first, "bca"},
        {"shuffled, but by preference", "20a 10b 10c", "any", first, "bca"},
        {"IPv6 first", "10a 10B 20c 20D", "ipv6", last, "BaDc"},
        {"IPv4 first", "10A 10b 20C 20d", "ipv4", last, "bAdC"},
    };
    struct server room[8];

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        print_message("%s\n", cases[i].what);
        conf.smtp_address_preference = cases[i].preference;
        smtp_route_open();
        struct route r = make_route(cases[i].servers, room);
        smtp_route_sort(&r, cases[i].random_number);
        assert_order(&r, cases[i].want);
    }
    conf.smtp_randomize_addresses = false;
    struct route r = make_route("10a 10b", room);
    smtp_route_sort(&r, first);
    assert_order(&r, "ab");
    conf.smtp_randomize_addresses = true;
}

static void test_balance(void **state)
{
    static const struct {
        const char *what, *servers;
        size_t limit;
        const char *want;
    } cases[] = {
        {"all fit", "1A 1B 1c", 3, "ABc"},
        {"one family", "1a 1b 1c", 2, "abc"},
        {"one comes too late", "1A 1B 1C 1d", 2, "AdBC"},
        {"two come too late", "1A 1B 1C 1D 1E 1f 1g", 4, "ABfgCDE"},
        {"no more than half", "1A 1B 1C 1D 1E 1f 1g 1h", 4, "ABfgCDEh"},
        {"one is there", "1A 1f 1C 1D 1E 1g", 4, "AfCgDE"},
        {"a limit of one", "1A 1b", 1, "Ab"},
    };
    struct server room[8];

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        print_message("%s\n", cases[i].what);
        struct route r = make_route(cases[i].servers, room);
        smtp_route_balance(&r, cases[i].limit);
        assert_order(&r, cases[i].want);
    }
}

static bool is_m(const struct net_addr *addr)
{
    return (ntohl(addr->in.sin_addr.s_addr) & 0xff) == 'm';
}

static void test_cut_self(void **state)
{
    static const struct {
        const char *what, *servers, *want;
        bool are_we_mx;
    } cases[] = {
        {"not among them", "10a 20b", "ab", false},
        {"we are the best", "10m 20a", "", true},
        {"equals are no better", "10a 20m 20b 30c", "a", true},
        {"twice", "10a 20b 20m 5m", "", true},
    };
    struct server room[8];

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        print_message("%s\n", cases[i].what);
        struct route r = make_route(cases[i].servers, room);
        assert_int_equal(smtp_route_cut_self(&r, is_m), *cases[i].want != 0);
        assert_order(&r, cases[i].want);
        assert_int_equal(r.are_we_mx, cases[i].are_we_mx);
    }
}

static void test_xtext(void **state)
{
    static const struct {
        const char *text, *want, *want_utf8;
    } cases[] = {
        {"abc@x.test", "abc@x.test", "abc@x.test"},
        {"a+b=c d", "a+2Bb+3Dc+20d", "a\\x{2B}b\\x{3D}c\\x{20}d"},
        {"gr\xc3\xbc", "gr+C3+BC", "gr\\x{FC}"},
        {"a\\b", "a\\b", "a\\x{5C}b"},
    };

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct str out = {0};
        smtp_xtext_add(&out, cases[i].text, "");
        assert_string_equal(str_text(&out), cases[i].want);
        str_clear(&out);
        smtp_xtext_add_utf8(&out, cases[i].text);
        assert_string_equal(str_text(&out), cases[i].want_utf8);
        str_done(&out);
    }
}

static int set_up(void **state)
{
    (void) state;
    dialogue_settings();
    conf.known_tcp_ports = "lmtp=24, smtp=25, submission=587";
    smtp_route_open();
    return 0;
}

static int clean_up(void **state)
{
    (void) state;
    arena_done(&dialogue_memory);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_parse), cmocka_unit_test(test_sort), cmocka_unit_test(test_balance),
        cmocka_unit_test(test_cut_self), cmocka_unit_test(test_xtext),
    };

    return cmocka_run_group_tests(tests, set_up, clean_up);
}
