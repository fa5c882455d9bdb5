/* The actions of access tables. */
#include "tests/unit/smtpd/fakes.h"
#include "tests/unit/test.h"

#include "smtpd/access.h"

static const struct {
    const char *value, *class;
    enum verdict verdict;
    const char *reply;  /* NULL: none */
    const char *log;    /* NULL: whatever */
} cases[] = {
    {"OK", CLASS_SENDER, PERMIT, NULL, NULL},
    {"ok", CLASS_SENDER, PERMIT, NULL, NULL},
    {"RELAY", CLASS_CLIENT, PERMIT, NULL, NULL},
    {"1795304486", CLASS_CLIENT, PERMIT, NULL, NULL},
    {"550", CLASS_CLIENT, PERMIT, NULL, NULL},
    {"550-5.7.1 x", CLASS_SENDER, REJECT, "451 4.3.5 Server configuration error", "unknown smtpd restriction"},
    {"DUNNO", CLASS_SENDER, DUNNO, NULL, NULL},
    {"REJECT", CLASS_SENDER, REJECT, "554 5.7.1 <x>: Sender address rejected: Access denied", "reject: "},
    {"REJECT go away", CLASS_RECIPIENT, REJECT, "554 5.7.1 <x>: Recipient address rejected: go away", NULL},
    {"REJECT 5.7.8 go away", CLASS_CLIENT, REJECT, "554 5.7.8 <x>: Client host rejected: go away", NULL},
    {"REJECT 4.7.8 x", CLASS_SENDER, REJECT, "554 5.7.8 <x>: Sender address rejected: x", NULL},
    {"DEFER", CLASS_SENDER, REJECT, "450 4.7.1 <x>: Sender address rejected: Access denied", NULL},
    {"550 text", CLASS_SENDER, REJECT, "550 5.7.1 <x>: Sender address rejected: text", NULL},
    {"450 text", CLASS_SENDER, REJECT, "450 4.7.1 <x>: Sender address rejected: text", NULL},
    {"421 4.7.0 bye", CLASS_SENDER, REJECT, "421 4.7.0 <x>: Sender address rejected: bye", NULL},
    {"550 5.1.1 t", CLASS_SENDER, REJECT, "550 5.1.7 <x>: Sender address rejected: t",
        "mapping DSN status 5.1.1 into Sender address status 5.1.7"},
    {"550 5.1.2 t", CLASS_SENDER, REJECT, "550 5.1.8 <x>: Sender address rejected: t", NULL},
    {"550 5.1.5 t", CLASS_SENDER, REJECT, "550 5.1.0 <x>: Sender address rejected: t", NULL},
    {"550 5.1.8 t", CLASS_SENDER, REJECT, "550 5.1.8 <x>: Sender address rejected: t", NULL},
    {"550 5.1.8 t", CLASS_RECIPIENT, REJECT, "550 5.1.2 <x>: Recipient address rejected: t", NULL},
    {"550 5.1.7 t", CLASS_RECIPIENT, REJECT, "550 5.1.3 <x>: Recipient address rejected: t", NULL},
    {"550 5.1.1 t", CLASS_HELO, REJECT, "550 5.0.0 <x>: Helo command rejected: t", NULL},
    {"550 5.2.1 t", CLASS_HELO, REJECT, "550 5.2.1 <x>: Helo command rejected: t", NULL},
    {"WARN look", CLASS_SENDER, DUNNO, NULL, "NOQUEUE: warn: RCPT from client.example[192.0.2.9]: look; "},
    {"INFO look", CLASS_SENDER, DUNNO, NULL, "NOQUEUE: info: RCPT from client.example[192.0.2.9]: look; "},
    {"HOLD", CLASS_SENDER, DUNNO, NULL,
        "hold: RCPT from client.example[192.0.2.9]: <x>: Sender address triggers HOLD action; "},
    {"HOLD for a while", CLASS_SENDER, DUNNO, NULL, "<x>: Sender address for a while; "},
    {"DISCARD", CLASS_SENDER, PERMIT, NULL, "<x>: Sender address triggers DISCARD action; "},
    {"FILTER smtp:[h]", CLASS_SENDER, DUNNO, NULL, "<x>: Sender address triggers FILTER smtp:[h]; "},
    {"FILTER smtp", CLASS_SENDER, DUNNO, NULL, "requires transport:destination"},
    {"REDIRECT a@b", CLASS_SENDER, DUNNO, NULL, "<x>: Sender address triggers REDIRECT a@b; "},
    {"REDIRECT a", CLASS_SENDER, DUNNO, NULL, "requires user@domain target"},
    {"BCC a@b", CLASS_SENDER, DUNNO, NULL, "<x>: Sender address triggers BCC a@b; "},
    {"PREPEND X-A: b", CLASS_SENDER, DUNNO, NULL, NULL},
    {"PREPEND b", CLASS_SENDER, DUNNO, NULL, "requires header: text"},
    {"HANGUP", CLASS_SENDER, REJECT, NULL, NULL},
    {"permit_mynetworks, reject", CLASS_SENDER, REJECT, "554 5.7.1 <x>: Sender address rejected: Access denied", NULL},
    {"NO_SUCH_ACTION", CLASS_SENDER, REJECT, "451 4.3.5 Server configuration error", "unknown smtpd restriction"},
    {"check_client_access hash:/x", CLASS_SENDER, REJECT, "451 4.3.5 Server configuration error", "lookup table"},
};

static void run(struct session *s, const char *value, const char *class, enum verdict *verdict, struct reply *why)
{
    struct checks checks = {.name = "l", .class = "List"};

    open_session(s);
    say(s, "MAIL FROM:<a@b.example>");
    s->where = "RCPT";
    s->checks = &checks;
    *why = (struct reply){0};
    *verdict = smtpd_access_act(s, value, "hash:access", "key", "x", class, why);
    s->checks = NULL;
}

static void test_actions(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct session s;
        struct reply why;
        enum verdict verdict;
        char text[200] = "";
        run(&s, cases[i].value, cases[i].class, &verdict, &why);
        if (why.code != 0)
            snprintf(text, sizeof(text), "%d %s %s", why.code, why.dsn, why.text);
        if (verdict != cases[i].verdict || strcmp(text, cases[i].reply == NULL ? "" : cases[i].reply) != 0)
            fail_msg("%s: %d, \"%s\"", cases[i].value, verdict, text);
        if (cases[i].log != NULL && !has_logged(cases[i].log))
            fail_msg("%s: logged %s", cases[i].value, str_text(&logged));
        smtpd_session_done(&s);
    }
}

static void test_effects(void **state)
{
    struct session s;
    struct reply why;
    enum verdict verdict;

    (void) state;
    run(&s, "HOLD", CLASS_SENDER, &verdict, &why);
    assert_true(s.mail->is_hold);
    smtpd_session_done(&s);
    run(&s, "DISCARD", CLASS_SENDER, &verdict, &why);
    assert_true(s.mail->is_discard);
    smtpd_session_done(&s);
    run(&s, "FILTER smtp:[h]", CLASS_SENDER, &verdict, &why);
    assert_string_equal(s.mail->filter, "smtp:[h]");
    smtpd_session_done(&s);
    run(&s, "REDIRECT a@b", CLASS_SENDER, &verdict, &why);
    assert_string_equal(s.mail->redirect, "a@b");
    smtpd_session_done(&s);
    run(&s, "PREPEND X-A: b", CLASS_SENDER, &verdict, &why);
    assert_string_equal(s.mail->prepend.items[0], "X-A: b");
    smtpd_session_done(&s);
}

/* What was asked for reaches cleanup. */
static void test_on_the_way(void **state)
{
    struct session s;
    const char *content = "a: b\r\n.\r\n";

    (void) state;
    smtpd_setup.sender = smtpd_restrict_parse_list("test", "check_sender_access inline:{{hold@b.example=HOLD},"
        "{pre@b.example=PREPEND X-A: b},{bcc@b.example=BCC c@d.example},{to@b.example=REDIRECT c@d.example}}");
    conf.smtpd_forbid_unauth_pipelining = false;
    open_session(&s);
    for (int i = 0; i < 4; i++) {
        static const char *const senders[] = {"hold", "pre", "bcc", "to"};
        char line[64];
        snprintf(line, sizeof(line), "MAIL FROM:<%s@b.example>", senders[i]);
        assert_int_equal(say(&s, line).code, 250);
        assert_int_equal(say(&s, "RCPT TO:<user@local.test>").code, 250);
        send_bytes(&s, content, strlen(content));
        assert_int_equal(say(&s, "DATA").code, 250);
        assert_int_equal((cleanup.flags & CLEANUP_HOLD) != 0, i == 0);
        assert_int_equal(strncmp(cleanup.content.data, "X-A: b\nReceived: ", 17) == 0, i == 1);
        assert_int_equal(strstr(cleanup.envelope.data, "<c@d.example>  1\n") != NULL, i == 2);
        assert_int_equal(strstr(cleanup.envelope.data, "redirect=c@d.example\n") != NULL, i == 3);
    }
    smtpd_session_done(&s);
}

static int setup_config(void **state)
{
    (void) state;
    load_config("");
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_actions), cmocka_unit_test(test_effects),
        cmocka_unit_test(test_on_the_way)};

    return cmocka_run_group_tests(tests, setup_config, NULL);
}
