/* The client's name: what PTR says counts only if it leads back. And what is told to it in the end. */
#include "smtpd/peer.h"
#include "smtpd/chat.h"
#include "smtpd/footer.h"
#include "tests/unit/smtpd/fakes.h"
#include "tests/unit/test.h"

static const struct zone_record records[] = {
    {"192.0.2.1", DNS_PTR, "good.example"}, {"good.example", DNS_A, "192.0.2.1"},
    {"192.0.2.2", DNS_PTR, "liar.example"}, {"liar.example", DNS_A, "198.51.100.1"},
    {"192.0.2.3", DNS_PTR, "gone.example"},
    {"192.0.2.4", DNS_PTR, "slow.example"}, {"slow.example", DNS_A, NULL},
    {"192.0.2.5", DNS_PTR, NULL},
    {"192.0.2.6", DNS_PTR, "not a name"},
    {"2001:db8::1", DNS_PTR, "six.example"}, {"six.example", DNS_A, "2001:db8::1"}};

static const struct {
    const char *addr, *namaddr, *reverse_name;
    enum name_status status, reverse_status;
    const char *log;
} cases[] = {
    {"192.0.2.1", "good.example[192.0.2.1]", "good.example", NAME_OK, NAME_OK, NULL},
    {"192.0.2.2", "unknown[192.0.2.2]", "liar.example", NAME_FORGED, NAME_OK,
        "warning: hostname liar.example does not resolve to address 192.0.2.2\n"},
    {"192.0.2.3", "unknown[192.0.2.3]", "gone.example", NAME_PERMANENT, NAME_OK,
        "warning: hostname gone.example does not resolve to address 192.0.2.3: does not exist\n"},
    {"192.0.2.4", "unknown[192.0.2.4]", "slow.example", NAME_TEMPORARY, NAME_OK,
        "warning: hostname slow.example does not resolve to address 192.0.2.4: cannot be found out\n"},
    {"192.0.2.5", "unknown[192.0.2.5]", "unknown", NAME_TEMPORARY, NAME_TEMPORARY, NULL},
    {"192.0.2.6", "unknown[192.0.2.6]", "unknown", NAME_PERMANENT, NAME_PERMANENT, NULL},
    {"192.0.2.7", "unknown[192.0.2.7]", "unknown", NAME_PERMANENT, NAME_PERMANENT, NULL},
    {"2001:db8::1", "six.example[2001:db8::1]", "six.example", NAME_OK, NAME_OK, NULL},
};

static void test_names(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct daemon_client client = {.fd = -1};
        struct session s;
        smtpd_session_init(&s, -1);
        str_clear(&logged);
        assert_true(net_parse(&client.peer, cases[i].addr, 1025));
        net_parse(&client.local, "192.0.2.99", 25);
        smtpd_peer_find(&s, &client);
        assert_string_equal(s.peer.namaddr, cases[i].namaddr);
        assert_string_equal(s.peer.reverse_name, cases[i].reverse_name);
        assert_int_equal(s.peer.name_status, cases[i].status);
        assert_int_equal(s.peer.reverse_name_status, cases[i].reverse_status);
        assert_string_equal(s.peer.local_addr, "192.0.2.99");
        assert_string_equal(s.peer.port, "1025");
        if (cases[i].log != NULL)
            assert_string_equal(str_text(&logged), cases[i].log);
        smtpd_session_done(&s);
    }
}

static void test_no_lookup(void **state)
{
    struct daemon_client client = {.fd = -1};
    struct session s;

    (void) state;
    conf.smtpd_peername_lookup = false;
    smtpd_session_init(&s, -1);
    net_parse(&client.peer, "::ffff:192.0.2.1", 1025);
    smtpd_peer_find(&s, &client);
    assert_string_equal(s.peer.namaddr, "unknown[192.0.2.1]");
    conf.smtpd_peername_lookup = true;
    smtpd_session_done(&s);
}

static void test_standard_input(void **state)
{
    struct daemon_client client = {.fd = -1, .is_stdin = true};
    struct session s;

    (void) state;
    smtpd_session_init(&s, -1);
    smtpd_peer_find(&s, &client);
    assert_string_equal(s.peer.namaddr, "localhost[127.0.0.1]");
    smtpd_session_done(&s);
}

static const struct {
    const char *what, *footer, *sent;
} footers[] = {
    {"none", "", "550 5.7.1 no\r\n"},
    {"a line of its own", "call us", "550-5.7.1 no\r\n550 5.7.1 call us\r\n"},
    {"the same line", "\\c. call us", "550 5.7.1 no. call us\r\n"},
    {"two lines", "call us\\nsoon", "550-5.7.1 no\r\n550-5.7.1 call us\r\n550 5.7.1 soon\r\n"},
    {"names", "$client_address $helo_name", "550-5.7.1 no\r\n550 5.7.1 192.0.2.9 he_lo\r\n"},
};

static void test_footer(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(footers); i++) {
        struct session s;
        struct reply r = reply(550, "5.7.1", "no");
        open_session(&s);
        s.helo_name = "he\001lo";
        conf.smtpd_reject_footer = footers[i].footer;
        smtpd_chat_send(&s, &r);
        assert_string_equal(str_text(&s.stream.out), footers[i].sent);
        smtpd_session_done(&s);
    }
    conf.smtpd_reject_footer = "";
}

static void test_soft_bounce(void **state)
{
    struct session s;
    struct reply r = reply(550, "5.7.1", "no");

    (void) state;
    open_session(&s);
    conf.soft_bounce = true;
    smtpd_chat_send(&s, &r);
    assert_string_equal(str_text(&s.stream.out), "450 4.7.1 no\r\n");
    conf.soft_bounce = false;
    smtpd_session_done(&s);
}

static int setup_config(void **state)
{
    (void) state;
    zone = records;
    zone_count = ARRAY_SIZE(records);
    load_config("inet_protocols = all\n");
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_names), cmocka_unit_test(test_no_lookup),
        cmocka_unit_test(test_standard_input), cmocka_unit_test(test_footer), cmocka_unit_test(test_soft_bounce)};

    return cmocka_run_group_tests(tests, setup_config, NULL);
}
