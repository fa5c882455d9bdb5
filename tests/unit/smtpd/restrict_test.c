/* Restriction lists: what they say of a client, a sender and a recipient. */
#include "tests/unit/smtpd/fakes.h"
#include "tests/unit/test.h"

#include "smtpd/restrict.h"

/* A client "NAME[ADDR]" with a HELO name; "-": none. */
#define STRANGER "client.example", "192.0.2.9", "client.example"
#define NAMELESS "unknown", "192.0.2.9", "-"
#define FRIEND "friend.example", "127.0.0.5", "friend"

static const struct {
    const char *what, *list;
    const char *name, *addr, *helo;
    const char *sender, *recipient;
    const char *reply; /* NULL: it passes */
} cases[] = {
    {"nothing to say", "", STRANGER, "a@b.example", "user@local.test", NULL},
    {"permit", "permit, reject", STRANGER, "a@b.example", "user@local.test", NULL},
    {"reject", "reject", STRANGER, "a@b.example", "user@local.test",
        "554 5.7.1 <user@local.test>: Recipient address rejected: Access denied"},
    {"defer", "defer", STRANGER, "a@b.example", "user@local.test",
        "450 4.3.2 <user@local.test>: Recipient address rejected: Try again later"},
    {"warn_if_reject", "warn_if_reject reject, permit", STRANGER, "a@b.example", "user@local.test", NULL},
    {"warns of one only", "warn_if_reject reject, reject", STRANGER, "a@b.example", "user@local.test",
        "554 5.7.1 <user@local.test>: Recipient address rejected: Access denied"},
    {"mynetworks", "permit_mynetworks, reject", FRIEND, "a@b.example", "user@local.test", NULL},
    {"not mynetworks", "permit_mynetworks, reject", STRANGER, "a@b.example", "user@local.test",
        "554 5.7.1 <user@local.test>: Recipient address rejected: Access denied"},
    {"relay", "permit_mynetworks, reject_unauth_destination", STRANGER, "a@b.example", "a@c.example",
        "554 5.7.1 <a@c.example>: Relay access denied"},
    {"relay, later", "defer_unauth_destination", STRANGER, "a@b.example", "a@c.example",
        "454 4.7.1 <a@c.example>: Relay access denied"},
    {"friends relay", "permit_mynetworks, reject_unauth_destination", FRIEND, "a@b.example", "a@c.example", NULL},
    {"relay domain", "reject_unauth_destination", STRANGER, "a@b.example", "known@relay.test", NULL},
    {"user@far@near", "reject_unauth_destination", STRANGER, "a@b.example", "a@c.example@relay.test",
        "554 5.7.1 <a@c.example@relay.test>: Relay access denied"},
    {"far!user@near", "reject_unauth_destination", STRANGER, "a@b.example", "c.example!a@relay.test",
        "554 5.7.1 <c.example!a@relay.test>: Relay access denied"},
    {"cannot tell", "reject_unauth_destination", STRANGER, "a@b.example", "a@slow.test",
        "451 4.3.0 <a@slow.test>: Temporary lookup failure"},
    {"permit_auth_destination", "permit_auth_destination, reject", STRANGER, "a@b.example", "known@relay.test", NULL},
    {"classes", "careful", STRANGER, "a@b.example", "a@b", "504 5.5.2 <a@b>: Recipient address rejected: need "
        "fully-qualified address"},
    {"a class that names itself", "endless", STRANGER, "a@b.example", "user@local.test",
        "451 4.3.5 Server configuration error"},
    {"a misspelt word", "permit_my_networks", STRANGER, "a@b.example", "user@local.test",
        "451 4.3.5 Server configuration error"},
    {"a misspelt word behind a permit", "permit, permit_my_networks", STRANGER, "a@b.example", "user@local.test", NULL},
    {"defer_if_permit", "defer_if_permit, permit", STRANGER, "a@b.example", "user@local.test",
        "450 4.7.0 <user@local.test>: Recipient address rejected: defer_if_permit requested"},
    {"defer_if_permit and reject", "defer_if_permit, reject", STRANGER, "a@b.example", "user@local.test",
        "554 5.7.1 <user@local.test>: Recipient address rejected: Access denied"},
    {"defer_if_reject", "defer_if_reject, reject", STRANGER, "a@b.example", "user@local.test",
        "450 4.7.0 <user@local.test>: Recipient address rejected: defer_if_reject requested"},
    {"defer_if_reject and permit", "defer_if_reject, permit", STRANGER, "a@b.example", "user@local.test", NULL},
    {"client without name", "reject_unknown_client_hostname", NAMELESS, "a@b.example", "user@local.test",
        "450 4.7.25 Client host rejected: cannot find your hostname, [192.0.2.9]"},
    {"client with name", "reject_unknown_client_hostname, reject_unknown_reverse_client_hostname", STRANGER,
        "a@b.example", "user@local.test", NULL},
    {"no helo", "reject_invalid_helo_hostname, reject_non_fqdn_helo_hostname", NAMELESS, "a@b.example",
        "user@local.test", NULL},
    {"bad helo", "reject_invalid_helo_hostname", "a.example", "192.0.2.9", "a b", "a@b.example", "user@local.test",
        "501 5.5.2 <a b>: Helo command rejected: Invalid name"},
    {"bad literal", "reject_invalid_helo_hostname", "a.example", "192.0.2.9", "[1.2.3]", "a@b.example",
        "user@local.test", "501 5.5.2 <[1.2.3]>: Helo command rejected: invalid ip address"},
    {"literal", "reject_invalid_helo_hostname, reject_non_fqdn_helo_hostname", "a.example", "192.0.2.9",
        "[192.0.2.9]", "a@b.example", "user@local.test", NULL},
    {"short helo", "reject_non_fqdn_helo_hostname", FRIEND, "a@b.example", "user@local.test",
        "504 5.5.2 <friend>: Helo command rejected: need fully-qualified hostname"},
    {"unknown helo", "reject_unknown_helo_hostname", "a.example", "192.0.2.9", "none.test", "a@b.example",
        "user@local.test", "450 4.7.1 <none.test>: Helo command rejected: Host not found"},
    {"helo not to be found out", "reject_unknown_helo_hostname, permit", "a.example", "192.0.2.9", "later.test",
        "a@b.example", "user@local.test", "450 4.7.1 <later.test>: Helo command rejected: Host not found"},
    {"helo not to be found out, and reject", "reject_unknown_helo_hostname, reject", "a.example", "192.0.2.9",
        "later.test", "a@b.example", "user@local.test",
        "554 5.7.1 <user@local.test>: Recipient address rejected: Access denied"},
    {"short sender", "reject_non_fqdn_sender", STRANGER, "a@b", "user@local.test",
        "504 5.5.2 <a@b>: Sender address rejected: need fully-qualified address"},
    {"null sender is good", "reject_non_fqdn_sender, reject_unknown_sender_domain, reject_unlisted_sender", STRANGER,
        "", "user@local.test", NULL},
    {"unknown sender domain", "reject_unknown_sender_domain", STRANGER, "a@none.test", "user@local.test",
        "450 4.1.8 <a@none.test>: Sender address rejected: Domain not found"},
    {"sender domain without mail", "reject_unknown_sender_domain", STRANGER, "a@null.test", "user@local.test",
        "550 5.7.27 <a@null.test>: Sender address rejected: Domain null.test does not accept mail (nullMX)"},
    {"sender domain later", "reject_unknown_sender_domain", STRANGER, "a@later.test", "user@local.test",
        "450 4.1.8 <a@later.test>: Sender address rejected: Domain not found"},
    {"our own need no DNS", "reject_unknown_sender_domain", STRANGER, "a@local.test", "user@local.test", NULL},
    {"unknown recipient domain", "reject_unknown_recipient_domain", STRANGER, "a@b.example", "a@none.test",
        "450 4.1.2 <a@none.test>: Recipient address rejected: Domain not found"},
    {"recipient domain without mail", "reject_unknown_recipient_domain", STRANGER, "a@b.example", "a@null.test",
        "556 5.1.10 <a@null.test>: Recipient address rejected: Domain null.test does not accept mail (nullMX)"},
    {"unlisted sender", "reject_unlisted_sender", STRANGER, "no@local.test", "user@local.test",
        "550 5.1.0 <no@local.test>: Sender address rejected: User unknown in local recipient table"},
    {"unlisted recipient before the rest", "reject_unlisted_recipient, reject", STRANGER, "a@b.example",
        "no@local.test",
        "550 5.1.1 <no@local.test>: Recipient address rejected: User unknown in local recipient table"},
    {"check_client_access", "check_client_access inline:{{192.0=REJECT net}}", STRANGER, "a@b.example",
        "user@local.test", "554 5.7.1 <client.example[192.0.2.9]>: Client host rejected: net"},
    {"its name", "check_client_access inline:{{example=REJECT name}}", STRANGER, "a@b.example", "user@local.test",
        "554 5.7.1 <client.example[192.0.2.9]>: Client host rejected: name"},
    {"check_helo_access", "check_helo_access inline:{friend=REJECT}", FRIEND, "a@b.example", "user@local.test",
        "554 5.7.1 <friend>: Helo command rejected: Access denied"},
    {"check_sender_access", "check_sender_access inline:{{a@b.example=550 5.1.1 no}}", STRANGER, "a@b.example",
        "user@local.test", "550 5.1.7 <a@b.example>: Sender address rejected: no"},
    {"its domain", "check_sender_access inline:{b.example=REJECT}", STRANGER, "a@b.example", "user@local.test",
        "554 5.7.1 <a@b.example>: Sender address rejected: Access denied"},
    {"its user", "check_sender_access inline:{a@=REJECT}", STRANGER, "a@b.example", "user@local.test",
        "554 5.7.1 <a@b.example>: Sender address rejected: Access denied"},
    {"null sender's key", "check_sender_access inline:{<>=REJECT}", STRANGER, "", "user@local.test",
        "554 5.7.1 <>: Sender address rejected: Access denied"},
    {"a bare table", "inline:{user@local.test=REJECT}", STRANGER, "a@b.example", "user@local.test",
        "554 5.7.1 <user@local.test>: Recipient address rejected: Access denied"},
    {"a table that names a list", "check_sender_access inline:{{b.example=permit_mynetworks, careful}}", STRANGER,
        "a@b.example", "a@b", "504 5.5.2 <a@b>: Recipient address rejected: need fully-qualified address"},
    {"a table that fails", "check_sender_access fail:x", STRANGER, "a@b.example", "user@local.test",
        "451 4.3.5 <a@b.example>: Sender address rejected: Server configuration error"},
    {"MX of the sender", "check_sender_mx_access inline:{mx.b.example=REJECT}", STRANGER, "a@b.example",
        "user@local.test", "554 5.7.1 <a@b.example>: Sender address rejected: Access denied"},
    {"its address", "check_sender_mx_access inline:{198.51.100=REJECT}", STRANGER, "a@b.example", "user@local.test",
        "554 5.7.1 <a@b.example>: Sender address rejected: Access denied"},
    {"without MX", "check_recipient_mx_access inline:{198.51.100.7=REJECT}", STRANGER, "a@b.example", "a@d.example",
        "554 5.7.1 <a@d.example>: Recipient address rejected: Access denied"},
    {"NS of a parent", "check_sender_ns_access inline:{ns.b.example=REJECT}", STRANGER, "a@sub.b.example",
        "user@local.test", "554 5.7.1 <a@sub.b.example>: Sender address rejected: Access denied"},
    {"address of the HELO name", "check_helo_a_access inline:{198.51.100.7=REJECT}", "a.example", "192.0.2.9",
        "d.example", "a@b.example", "user@local.test", "554 5.7.1 <d.example>: Helo command rejected: Access denied"},
    {"block list", "reject_rbl_client bl.example", STRANGER, "a@b.example", "user@local.test",
        "554 5.7.1 Service unavailable; Client host [192.0.2.9] blocked using bl.example; listed here"},
    {"block list with a filter", "reject_rbl_client bl.example=127.0.0.[3..5]", STRANGER, "a@b.example",
        "user@local.test", NULL},
    {"not on the list", "reject_rbl_client bl.example", "b.example", "192.0.2.10", "b.example", "a@b.example",
        "user@local.test", NULL},
    {"block list of domains", "reject_rhsbl_sender dbl.example", STRANGER, "a@b.example", "user@local.test",
        "554 5.7.1 Service unavailable; Sender address [a@b.example] blocked using dbl.example"},
    {"list of the good", "permit_dnswl_client wl.example, reject", STRANGER, "a@b.example", "user@local.test", NULL},
    {"a good list that does not answer", "permit_dnswl_client dead.example, reject", STRANGER, "a@b.example",
        "user@local.test",
        "450 4.7.1 <client.example[192.0.2.9]>: Client host rejected: dead.example: Service unavailable"},
    {"a bad list that does not answer", "reject_rbl_client dead.example", STRANGER, "a@b.example", "user@local.test",
        NULL},
    {"deliverable addresses", "reject_unverified_sender, reject_unverified_recipient", STRANGER, "a@b.example",
        "user@local.test", NULL},
    {"null sender needs no probe", "reject_unverified_sender", STRANGER, "", "user@local.test", NULL},
    {"undeliverable sender", "reject_unverified_sender", STRANGER, "bad@b.example", "user@local.test",
        "550 5.1.7 <bad@b.example>: Sender address rejected: undeliverable address: host said: 550 5.1.1 no"},
    {"sender that cannot be probed now", "reject_unverified_sender", STRANGER, "busy@b.example", "user@local.test",
        "450 4.1.7 <busy@b.example>: Sender address rejected: unverified address: host said: 450 4.2.0 later"},
    {"undeliverable recipient", "reject_unverified_recipient", STRANGER, "a@b.example", "bad@relay.test",
        "450 4.1.1 <bad@relay.test>: Recipient address rejected: unverified address: host said: 550 5.1.1 no"},
    {"a reject comes first", "reject_unverified_recipient, reject", STRANGER, "a@b.example", "slow@relay.test",
        "554 5.7.1 <slow@relay.test>: Recipient address rejected: Access denied"},
    {"recipient that is being probed", "reject_unverified_recipient", STRANGER, "a@b.example", "slow@relay.test",
        "450 4.1.1 <slow@relay.test>: Recipient address rejected: unverified address: Address verification in progress"},
    {"no verify service", "reject_unverified_recipient", STRANGER, "a@b.example", "dead@relay.test",
        "450 4.1.1 <dead@relay.test>: Recipient address rejected: address verification problem"},
    {"a malformed list", "reject_rbl_client bl.example=127.0.0", STRANGER, "a@b.example", "user@local.test",
        "451 4.3.5 Server configuration error"},
};

static const struct zone_record records[] = {
    {"b.example", DNS_MX, "mx.b.example"}, {"mx.b.example", DNS_A, "198.51.100.6"},
    {"d.example", DNS_A, "198.51.100.7"},
    {"b.example", DNS_NS, "ns.b.example"}, {"ns.b.example", DNS_A, "198.51.100.8"},
    {"9.2.0.192.bl.example", DNS_A, "127.0.0.2"}, {"9.2.0.192.bl.example", DNS_TXT, "listed here"},
    {"b.example.dbl.example", DNS_A, "127.0.0.2"}, {"9.2.0.192.wl.example", DNS_A, "127.0.0.2"},
    {"9.2.0.192.dead.example", DNS_A, NULL}};

static void apply(size_t i, struct session *s, char *text, size_t size)
{
    struct reply why = {0};
    char line[200];

    open_session(s);
    set_peer(s, cases[i].name, cases[i].addr);
    if (strcmp(cases[i].helo, "-") != 0)
        s->helo_name = cases[i].helo;
    snprintf(line, sizeof(line), "MAIL FROM:<%s>", cases[i].sender);
    assert_int_equal(say(s, line).code, 250);
    smtpd_setup.relay = smtpd_restrict_parse_list("test", "");
    smtpd_setup.recipient = smtpd_restrict_parse_list("test", cases[i].list);
    *text = 0;
    if (smtpd_restrict_rcpt(s, cases[i].recipient, &why) == REJECT)
        snprintf(text, size, "%d %s %s", why.code, why.dsn, why.text);
}

static void test_lists(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct session s;
        char text[300];
        const char *want = cases[i].reply == NULL ? "" : cases[i].reply;
        apply(i, &s, text, sizeof(text));
        if (strcmp(text, want) != 0)
            fail_msg("%s: \"%s\", expected \"%s\"", cases[i].what, text, want);
        if (*want != 0 && !has_logged(want))
            fail_msg("%s: not logged", cases[i].what);
        smtpd_session_done(&s);
    }
}

static void test_probe_is_waited_for(void **state)
{
    struct session s;
    char text[300];
    size_t i = 0;

    (void) state;
    while (strcmp(cases[i].what, "recipient that is being probed") != 0)
        i++;
    conf.address_verify_poll_count = 3;
    verify_questions = 0;
    apply(i, &s, text, sizeof(text));
    assert_int_equal(verify_questions, 3);
    conf.address_verify_poll_count = 1;
    smtpd_session_done(&s);
}

static void test_warning_is_logged(void **state)
{
    struct session s;
    char text[300];

    (void) state;
    apply(4, &s, text, sizeof(text));
    assert_true(has_logged("NOQUEUE: reject_warning: MAIL from client.example[192.0.2.9]: 554 5.7.1 "
        "<user@local.test>: Recipient address rejected: Access denied; from=<a@b.example> to=<user@local.test> "
        "proto=SMTP helo=<client.example>"));
    smtpd_session_done(&s);
}

static void test_misspelt_word_is_told_at_start(void **state)
{
    (void) state;
    str_clear(&logged);
    smtpd_restrict_parse_list("smtpd_sender_restrictions", "permit, reject_everything");
    assert_true(has_logged("warning: parameter smtpd_sender_restrictions: unknown smtpd restriction: "
        "\"reject_everything\""));
}

static void test_relay_guard(void **state)
{
    static const struct {
        const char *list;
        bool guards;
    } lists[] = {{"permit_mynetworks, reject_unauth_destination", true}, {"permit_mynetworks, defer", true},
        {"permit_mynetworks", false}, {"warn_if_reject reject", false}, {"", false}};

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(lists); i++)
        assert_int_equal(
            smtpd_restrict_parse_guards_relay(smtpd_restrict_parse_list("test", lists[i].list)), lists[i].guards);
}

/* smtpd_delay_reject = no: each list speaks at its own time. */
static void test_without_delay(void **state)
{
    struct session s;
    struct reply why;

    (void) state;
    conf.smtpd_delay_reject = false;
    smtpd_setup.client = smtpd_restrict_parse_list("test", "check_client_access inline:{client.example=REJECT}");
    open_session(&s);
    assert_int_equal(smtpd_restrict_client(&s, &why), REJECT);
    smtpd_setup.client = smtpd_restrict_parse_list("test", "defer_if_permit");
    assert_int_equal(smtpd_restrict_client(&s, &why), DUNNO);
    smtpd_setup.helo = smtpd_restrict_parse_list("test", "reject_non_fqdn_helo_hostname");
    assert_int_equal(say(&s, "HELO short").code, 504);
    assert_null(s.helo_name);
    assert_int_equal(say(&s, "HELO long.example").code, 250);
    smtpd_setup.sender = smtpd_restrict_parse_list("test", "reject_non_fqdn_sender");
    assert_int_equal(say(&s, "MAIL FROM:<a@b>").code, 504);
    assert_int_equal(say(&s, "MAIL FROM:<a@b.example>").code, 250);
    /* What the client list could not find out is not forgotten. */
    smtpd_setup.recipient = smtpd_restrict_parse_list("test", "permit");
    assert_int_equal(say(&s, "RCPT TO:<user@local.test>").code, 450);
    conf.smtpd_delay_reject = true;
    smtpd_setup.client = smtpd_setup.helo = smtpd_setup.sender = smtpd_restrict_parse_list("test", "");
    smtpd_session_done(&s);
}

static void test_soft_bounce(void **state)
{
    struct session s;

    (void) state;
    conf.soft_bounce = true;
    smtpd_setup.recipient = smtpd_restrict_parse_list("test", "reject");
    open_session(&s);
    say(&s, "MAIL FROM:<a@b.example>");
    say(&s, "RCPT TO:<user@local.test>");
    assert_true(has_logged("454 4.7.1 <user@local.test>: Recipient address rejected"));
    conf.soft_bounce = false;
    smtpd_session_done(&s);
}

/* A notification to several recipients: told from the second on, or at DATA. */
static void test_multi_recipient_bounce(void **state)
{
    struct session s;

    (void) state;
    smtpd_setup.recipient = smtpd_restrict_parse_list("test", "reject_multi_recipient_bounce");
    open_session(&s);
    say(&s, "MAIL FROM:<>");
    assert_int_equal(say(&s, "RCPT TO:<user@local.test>").code, 250);
    assert_int_equal(say(&s, "RCPT TO:<root@local.test>").code, 550);
    smtpd_setup.recipient = smtpd_restrict_parse_list("test", "");
    smtpd_setup.data = smtpd_restrict_parse_list("test", "reject_multi_recipient_bounce");
    assert_int_equal(say(&s, "RCPT TO:<root@local.test>").code, 250);
    assert_int_equal(say(&s, "DATA").code, 550);
    smtpd_setup.data = smtpd_restrict_parse_list("test", "");
    smtpd_session_done(&s);
}

static int setup_config(void **state)
{
    (void) state;
    zone = records;
    zone_count = ARRAY_SIZE(records);
    load_config("smtpd_restriction_classes = careful, endless\n"
                "careful = reject_non_fqdn_recipient, reject_non_fqdn_sender\nendless = endless\n"
                "address_verify_poll_count = 1\nunverified_sender_reject_code = 550\n");
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lists), cmocka_unit_test(test_probe_is_waited_for),
        cmocka_unit_test(test_warning_is_logged),
        cmocka_unit_test(test_misspelt_word_is_told_at_start), cmocka_unit_test(test_relay_guard),
        cmocka_unit_test(test_without_delay), cmocka_unit_test(test_soft_bounce),
        cmocka_unit_test(test_multi_recipient_bounce)};

    return cmocka_run_group_tests(tests, setup_config, NULL);
}
