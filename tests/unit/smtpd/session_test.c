/* The dialogue: what each command answers, in which state. */
#include "tests/unit/smtpd/fakes.h"
#include "tests/unit/test.h"

static const struct {
    const char *what, *lines; /* separated by '|'; the last one's reply is compared */
    const char *reply;
} cases[] = {
    {"helo", "HELO a", "250 mx.local.test"},
    {"helo without name", "HELO", "501 Syntax: HELO hostname"},
    {"ehlo", "EHLO a", "250 mx.local.test\nPIPELINING\nSIZE 10240000\nVRFY\nETRN\nENHANCEDSTATUSCODES\n8BITMIME\nDSN\n"
        "SMTPUTF8\nCHUNKING"},
    {"unknown", "FOO", "500 5.5.2 Error: command not recognized"},
    {"starttls that is not offered", "EHLO a|STARTTLS", "502 5.5.1 Error: command not implemented"},
    {"starttls with argument", "STARTTLS now", "501 5.5.4 Syntax: STARTTLS"},
    {"auth that is not offered", "EHLO a|AUTH PLAIN AGEAYQ==", "503 5.5.1 Error: authentication not enabled"},
    {"a header is no command", "Subject: a", "221 2.7.0 Error: I can break rules, too. Goodbye."},
    {"nor is HTTP", "GET / HTTP/1.0", "221 2.7.0 Error: I can break rules, too. Goodbye."},
    {"empty line", "", "500 5.5.2 Error: bad syntax"},
    {"not UTF-8", "NOOP \xff", "500 5.5.2 Error: bad UTF-8 syntax"},
    {"noop", "NOOP", "250 2.0.0 Ok"},
    {"quit", "QUIT", "221 2.0.0 Bye"},
    {"rset", "RSET", "250 2.0.0 Ok"},
    {"rset with argument", "RSET a", "501 5.5.4 Syntax: RSET"},
    {"mail", "MAIL FROM:<a@b.example>", "250 2.1.0 Ok"},
    {"null sender", "MAIL FROM:<>", "250 2.1.0 Ok"},
    {"mail without address", "MAIL FROM:", "501 5.5.4 Syntax: MAIL FROM:<address>"},
    {"mail, bad address", "MAIL FROM:<a@-b>", "501 5.1.7 Bad sender address syntax"},
    {"mail twice", "MAIL FROM:<a@b.example>|MAIL FROM:<a@b.example>", "503 5.5.1 Error: nested MAIL command"},
    {"mail again after an error", "MAIL FROM:<a@-b>|MAIL FROM:<a@b.example>", "250 2.1.0 Ok"},
    {"size", "MAIL FROM:<a@b.example> SIZE=1000", "250 2.1.0 Ok"},
    {"too large", "MAIL FROM:<a@b.example> SIZE=99999999", "552 5.3.4 Message size exceeds fixed limit"},
    {"bad size", "MAIL FROM:<a@b.example> SIZE=x", "501 5.5.4 Bad message size syntax"},
    {"options", "MAIL FROM:<a@b.example> BODY=8BITMIME RET=HDRS ENVID=a+2Bb SMTPUTF8 AUTH=<>", "250 2.1.0 Ok"},
    {"bad ret", "MAIL FROM:<a@b.example> RET=x", "501 5.5.4 Bad RET parameter syntax"},
    {"ret twice", "MAIL FROM:<a@b.example> RET=FULL RET=FULL", "501 5.5.4 Bad RET parameter syntax"},
    {"bad envid", "MAIL FROM:<a@b.example> ENVID=", "501 5.5.4 Bad ENVID parameter syntax"},
    {"unknown option", "MAIL FROM:<a@b.example> X=1", "555 5.5.4 Unsupported option: X=1"},
    {"rcpt first", "RCPT TO:<user@local.test>", "503 5.5.1 Error: need MAIL command"},
    {"rcpt", "MAIL FROM:<a@b.example>|RCPT TO:<user@local.test>", "250 2.1.5 Ok"},
    {"rcpt without domain", "MAIL FROM:<a@b.example>|RCPT TO:<user>", "250 2.1.5 Ok"},
    {"rcpt without address", "MAIL FROM:<a@b.example>|RCPT TO:", "501 5.5.4 Syntax: RCPT TO:<address>"},
    {"empty rcpt", "MAIL FROM:<a@b.example>|RCPT TO:<>", "501 5.1.3 Bad recipient address syntax"},
    {"foreign rcpt", "MAIL FROM:<a@b.example>|RCPT TO:<a@c.example>", "454 4.7.1 <a@c.example>: Relay access denied"},
    {"routed rcpt", "MAIL FROM:<a@b.example>|RCPT TO:<a%c.example@relay.test>",
        "454 4.7.1 <a%c.example@relay.test>: Relay access denied"},
    {"unknown local", "MAIL FROM:<a@b.example>|RCPT TO:<no@local.test>",
        "550 5.1.1 <no@local.test>: Recipient address rejected: User unknown in local recipient table"},
    {"postmaster is always known", "MAIL FROM:<a@b.example>|RCPT TO:<Postmaster@local.test>", "250 2.1.5 Ok"},
    {"unknown alias", "MAIL FROM:<a@b.example>|RCPT TO:<no@alias.test>",
        "550 5.1.1 <no@alias.test>: Recipient address rejected: User unknown in virtual alias table"},
    {"known alias", "MAIL FROM:<a@b.example>|RCPT TO:<known@alias.test>", "250 2.1.5 Ok"},
    {"unknown virtual", "MAIL FROM:<a@b.example>|RCPT TO:<no@virtual.test>",
        "550 5.1.1 <no@virtual.test>: Recipient address rejected: User unknown in virtual mailbox table"},
    {"unknown relay", "MAIL FROM:<a@b.example>|RCPT TO:<no@relay.test>",
        "550 5.1.1 <no@relay.test>: Recipient address rejected: User unknown in relay recipient table"},
    {"not to be found out", "MAIL FROM:<a@b.example>|RCPT TO:<a@slow.test>",
        "451 4.3.0 <a@slow.test>: Temporary lookup failure"},
    {"dsn", "MAIL FROM:<a@b.example>|RCPT TO:<user@local.test> NOTIFY=SUCCESS,DELAY ORCPT=rfc822;x@y", "250 2.1.5 Ok"},
    {"bad notify", "MAIL FROM:<a@b.example>|RCPT TO:<user@local.test> NOTIFY=x",
        "501 5.5.4 Error: Bad NOTIFY parameter syntax"},
    {"bad orcpt", "MAIL FROM:<a@b.example>|RCPT TO:<user@local.test> ORCPT=x",
        "501 5.5.4 Error: Bad ORCPT parameter syntax"},
    {"one recipient too many", "MAIL FROM:<a@b.example>|RCPT TO:<user@local.test>|RCPT TO:<root@local.test>|"
        "RCPT TO:<postmaster@local.test>|RCPT TO:<user@local.test>", "452 4.5.3 Error: too many recipients"},
    {"data first", "DATA", "503 5.5.1 Error: need RCPT command"},
    {"data without recipients", "MAIL FROM:<a@b.example>|DATA", "554 5.5.1 Error: no valid recipients"},
    {"data with argument", "MAIL FROM:<a@b.example>|RCPT TO:<user@local.test>|DATA x", "501 5.5.4 Syntax: DATA"},
    {"helo ends a transaction", "MAIL FROM:<a@b.example>|HELO a|RCPT TO:<user@local.test>",
        "503 5.5.1 Error: need MAIL command"},
    {"vrfy", "VRFY user@local.test", "252 2.0.0 user@local.test"},
    {"vrfy unknown", "VRFY no@local.test",
        "550 5.1.1 <no@local.test>: Recipient address rejected: User unknown in local recipient table"},
    {"vrfy nothing", "VRFY", "501 5.5.4 Syntax: VRFY address [SMTPUTF8]"},
    {"etrn nothing", "ETRN", "500 Syntax: ETRN domain"},
    {"etrn bad domain", "ETRN -x", "501 Error: invalid parameter syntax"},
    {"etrn for others", "ETRN c.example", "459 <c.example>: service unavailable"},
    {"etrn within a transaction", "MAIL FROM:<a@b.example>|ETRN c.example", "503 Error: MAIL transaction in progress"},
    {"xclient from strangers", "XCLIENT NAME=a.example", "550 5.7.0 Error: insufficient authorization"},
    {"xforward from strangers", "XFORWARD NAME=a.example", "550 5.7.0 Error: insufficient authorization"},
    {"help", "HELP", "214 2.0.0 Commands: HELO EHLO MAIL RCPT DATA BDAT RSET NOOP VRFY ETRN HELP QUIT"},
    {"bdat without recipients", "BDAT 0 LAST", "503 5.5.1 Error: need RCPT command"},
    {"bdat bad size", "BDAT x", "521 5.5.4 Syntax: BDAT count [LAST]"},
    {"bdat nothing", "BDAT 0", "551 5.7.1 Null BDAT request"},
};

static const char *as_text(struct session *s, const struct reply *r)
{
    bool has_dsn = r->dsn != NULL;

    return arena_printf(&s->scratch, "%d %s%s%s", r->code, has_dsn ? r->dsn : "", has_dsn ? " " : "", r->text);
}

static void test_replies(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct session s;
        struct reply r = {0};
        char line[200];
        open_session(&s);
        for (const char *p = cases[i].lines;; p++) {
            size_t n = strcspn(p, "|");
            snprintf(line, sizeof(line), "%.*s", (int) n, p);
            r = say(&s, line);
            p += n;
            if (*p == 0)
                break;
        }
        if (strcmp(as_text(&s, &r), cases[i].reply) != 0)
            fail_msg("%s: %s, expected %s", cases[i].what, as_text(&s, &r), cases[i].reply);
        smtpd_session_done(&s);
    }
}

static void begin_message(struct session *s)
{
    open_session(s);
    say(s, "EHLO client.example");
    say(s, "MAIL FROM:<a@b.example> BODY=8BITMIME");
    assert_int_equal(say(s, "RCPT TO:<user@local.test>").code, 250);
}

static void assert_content(const char *want)
{
    const char *body = strstr(str_text(&cleanup.content), "\n\t");

    body = body == NULL ? NULL : strstr(body + 2, "+0000 (UTC)\n");
    assert_non_null(body);
    assert_string_equal(body + strlen("+0000 (UTC)\n"), want);
}

static struct reply data(struct session *s, const char *content)
{
    begin_message(s);
    send_bytes(s, content, strlen(content));
    s->is_esmtp = false; /* content is already there, as if pipelined: do not mind */
    s->is_pipelining_badly = false;
    conf.smtpd_forbid_unauth_pipelining = false;
    return say(s, "DATA");
}

static void test_data(void **state)
{
    struct session s;

    (void) state;
    cleanup.committed = 0;
    struct reply r = data(&s, "Subject: a\r\n\r\n..b\r\n.\r\nQUIT\r\n");
    assert_string_equal(as_text(&s, &r), "250 2.0.0 Ok: queued as ABC123");
    assert_int_equal(cleanup.committed, 1);
    assert_content("Subject: a\n\n.b\n");
    assert_int_equal(stream_buffered(&s.stream), 6);
    assert_true(strstr(str_text(&cleanup.content), "Received: from client.example (client.example [192.0.2.9])\n"
        "\tby mx.local.test (Postfix) with ") == str_text(&cleanup.content));
    assert_non_null(strstr(str_text(&cleanup.content), " id ABC123\n\tfor <user@local.test>; "));
    assert_non_null(strstr(str_text(&cleanup.envelope), "sender=a@b.example\n"));
    assert_non_null(strstr(str_text(&cleanup.envelope), "encoding=8bit\n"));
    assert_non_null(strstr(str_text(&cleanup.envelope), "<user@local.test> rfc822;user@local.test 0\n"));
    assert_true(has_logged("ABC123: client=client.example[192.0.2.9]"));
    assert_int_equal(say(&s, "DATA").code, 503);
    smtpd_session_done(&s);
}

static const struct {
    const char *what, *content, *want;
} firsts[] = {
    {"a mailbox line", "From me\r\na\r\n.\r\n", "X-Mailbox-Line: From me\na\n"},
    {"a quoted one", ">>from me\r\n.\r\n", "X-Mailbox-Line: >>from me\n"},
    {"a header", "From: me\r\n.\r\n", "From: me\n"},
    {"a blank", " a\r\n.\r\n", "\n a\n"},
    {"nothing", ".\r\n", ""},
};

static void test_first_line(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(firsts); i++) {
        struct session s;
        assert_int_equal(data(&s, firsts[i].content).code, 250);
        assert_content(firsts[i].want);
        smtpd_session_done(&s);
    }
}

static void test_too_large(void **state)
{
    struct session s;
    long limit = conf.message_size_limit;

    (void) state;
    conf.message_size_limit = 20;
    cleanup.committed = cleanup.cancelled = 0;
    struct reply r = data(&s, "Subject: far too large\r\n.\r\n");
    conf.message_size_limit = limit;
    assert_string_equal(as_text(&s, &r), "552 5.3.4 Error: message file too big");
    assert_int_equal(cleanup.committed, 0);
    assert_int_equal(cleanup.cancelled, 1);
    assert_null(s.mail);
    smtpd_session_done(&s);
}

static void test_cleanup_refuses(void **state)
{
    static const struct {
        int status;
        const char *reason, *reply;
    } refusals[] = {{CLEANUP_STAT_CONT, "5.7.9 no way", "550 5.7.9 no way"},
        {CLEANUP_STAT_CONT, "", "550 5.7.1 Error: message content rejected"},
        {CLEANUP_STAT_CONT, "4.7.0 not now", "450 4.7.0 not now"},
        {CLEANUP_STAT_BAD, "", "451 4.3.0 Error: queue file write error"}};

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
        struct session s;
        cleanup.status = refusals[i].status;
        cleanup.reason = refusals[i].reason;
        struct reply r = data(&s, "a: b\r\n.\r\n");
        assert_string_equal(as_text(&s, &r), refusals[i].reply);
        assert_null(s.mail);
        smtpd_session_done(&s);
    }
    cleanup.status = 0;
    cleanup.reason = NULL;
}

static void test_cleanup_is_away(void **state)
{
    struct session s;

    (void) state;
    cleanup.is_away = true;
    open_session(&s);
    say(&s, "MAIL FROM:<a@b.example>");
    struct reply r = say(&s, "RCPT TO:<user@local.test>");
    assert_string_equal(as_text(&s, &r), "451 4.3.0 Error: queue file write error");
    cleanup.is_away = false;
    smtpd_session_done(&s);
}

static void test_lost_in_data(void **state)
{
    struct session s;

    (void) state;
    cleanup.committed = cleanup.cancelled = 0;
    data(&s, "a: b\r\nunfini");
    assert_string_equal(s.reason, "lost connection");
    assert_int_equal(s.mail->content_bytes - s.mail->partial_bytes, 6);
    smtpd_session_done(&s);
    assert_int_equal(cleanup.committed, 0);
    assert_int_equal(cleanup.cancelled, 1);
}

static void chunk(struct session *s, const char *command, const char *bytes, const char *want)
{
    send_bytes(s, bytes, strlen(bytes));
    struct reply r = say(s, command);
    assert_string_equal(as_text(s, &r), want);
    assert_int_equal(stream_buffered(&s->stream), 0);
}

static void test_bdat(void **state)
{
    struct session s;

    (void) state;
    begin_message(&s);
    chunk(&s, "BDAT 7", "a: b\r\n\r", "250 2.0.0 Ok: 7 bytes");
    chunk(&s, "DATA", "", "503 5.5.1 Error: DATA after BDAT");
    chunk(&s, "RCPT TO:<root@local.test>", "", "503 5.5.1 Error: RCPT after BDAT");
    chunk(&s, "BDAT 4", "\n.\r\n", "250 2.0.0 Ok: 4 bytes");
    chunk(&s, "BDAT 3 LAST", "end", "250 2.0.0 Ok: 16 bytes queued as ABC123");
    assert_content("a: b\n\n.\nend\n");
    smtpd_session_done(&s);
}

/* Chunks that come after an error are read, not obeyed. */
static void test_bdat_after_error(void **state)
{
    struct session s;

    (void) state;
    begin_message(&s);
    cleanup.committed = cleanup.cancelled = 0;
    chunk(&s, "BDAT 99999999", "", "552 5.3.4 Chunk exceeds message size limit");
    assert_int_equal(cleanup.cancelled, 1);
    s.reason = NULL; /* the rest of the chunk never came */
    s.stream.error = STREAM_OK;
    chunk(&s, "BDAT 5 LAST", "QUIT\n", "551 5.0.0 Discarded 5 bytes after earlier error");
    assert_int_equal(cleanup.committed, 0);
    chunk(&s, "MAIL FROM:<a@b.example>", "", "250 2.1.0 Ok");
    smtpd_session_done(&s);
}

static void test_counters(void **state)
{
    struct session s;

    (void) state;
    open_session(&s);
    say(&s, "EHLO a");
    say(&s, "FOO");
    say(&s, "MAIL FROM:<>");
    say(&s, "MAIL FROM:<>");
    assert_int_equal(s.count_ok[SMTPD_EHLO], 1);
    assert_int_equal(s.count_all[SMTPD_COMMANDS], 1);
    assert_int_equal(s.count_ok[SMTPD_COMMANDS], 0);
    assert_int_equal(s.count_ok[SMTPD_MAIL], 1);
    assert_int_equal(s.count_all[SMTPD_MAIL], 2);
    smtpd_session_done(&s);
}

static void test_xclient(void **state)
{
    struct session s;

    (void) state;
    open_session(&s);
    s.may_xclient = true;
    say(&s, "EHLO proxy.example");
    struct reply r = say(&s, "XCLIENT NAME=other.example ADDR=IPV6:2001:db8::5 PORT=99 HELO=h+40");
    assert_string_equal(as_text(&s, &r), "220 mx.local.test ESMTP Postfix");
    assert_string_equal(s.peer.namaddr, "other.example[2001:db8::5]");
    assert_string_equal(s.peer.rfc_addr, "IPv6:2001:db8::5");
    assert_string_equal(s.helo_name, "h@");
    r = say(&s, "XCLIENT NAME=third.example");
    assert_string_equal(as_text(&s, &r), "550 5.7.0 Error: insufficient authorization");
    s.may_xclient = true;
    r = say(&s, "XCLIENT ADDR=1.2.3.300");
    assert_string_equal(as_text(&s, &r), "501 5.5.4 Bad ADDR syntax: 1.2.3.300");
    r = say(&s, "XCLIENT FOO=1");
    assert_string_equal(as_text(&s, &r), "501 5.5.4 Bad XCLIENT attribute name: FOO");
    say(&s, "XCLIENT NAME=[TEMPUNAVAIL]");
    assert_string_equal(s.peer.name, "unknown");
    assert_int_equal(s.peer.name_status, NAME_TEMPORARY);
    smtpd_session_done(&s);
}

static void test_xforward(void **state)
{
    struct session s;

    (void) state;
    open_session(&s);
    s.may_xforward = true;
    assert_int_equal(say(&s, "XFORWARD NAME=origin.example ADDR=198.51.100.1 IDENT=XYZ SOURCE=LOCAL").code, 250);
    say(&s, "MAIL FROM:<>");
    assert_int_equal(say(&s, "RCPT TO:<user@local.test>").code, 250);
    assert_true(has_logged(
        "client=client.example[192.0.2.9], orig_queue_id=XYZ, orig_client=origin.example[198.51.100.1]"));
    send_bytes(&s, "a: b\r\n.\r\n", 9);
    assert_int_equal(say(&s, "DATA").code, 250);
    assert_non_null(strstr(str_text(&cleanup.envelope), "log_message_origin=origin.example[198.51.100.1]\n"));
    assert_non_null(strstr(str_text(&cleanup.envelope), "client_name=client.example\n"));
    assert_non_null(strstr(str_text(&cleanup.envelope), "rewrite_context=local\n"));
    assert_null(s.forwarded);
    smtpd_session_done(&s);
}

static void test_limits(void **state)
{
    struct session s;

    (void) state;
    conf.smtpd_client_message_rate_limit = 5;
    conf.smtpd_client_recipient_rate_limit = 5;
    anvil_rate_is = 6;
    open_session(&s);
    struct reply r = say(&s, "MAIL FROM:<>");
    assert_string_equal(as_text(&s, &r), "450 4.7.1 Error: too much mail from 192.0.2.9");
    assert_true(has_logged("warning: Message delivery request rate limit exceeded: 6 from client.example[192.0.2.9] "
                           "for service smtp"));
    anvil_rate_is = 5;
    assert_int_equal(say(&s, "MAIL FROM:<>").code, 250);
    anvil_rate_is = 6;
    r = say(&s, "RCPT TO:<user@local.test>");
    assert_string_equal(as_text(&s, &r), "450 4.7.1 Error: too many recipients from 192.0.2.9");
    s.is_excepted = true;
    assert_int_equal(say(&s, "RCPT TO:<user@local.test>").code, 250);
    conf.smtpd_client_message_rate_limit = conf.smtpd_client_recipient_rate_limit = 0;
    smtpd_session_done(&s);
}

static int setup_config(void **state)
{
    (void) state;
    load_config("smtpd_recipient_limit = 3\nfast_flush_domains = relay.test\n");
    clock_fake(1000, 1795304486);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_replies), cmocka_unit_test(test_data),
        cmocka_unit_test(test_first_line), cmocka_unit_test(test_too_large), cmocka_unit_test(test_cleanup_refuses),
        cmocka_unit_test(test_cleanup_is_away), cmocka_unit_test(test_lost_in_data), cmocka_unit_test(test_bdat),
        cmocka_unit_test(test_bdat_after_error), cmocka_unit_test(test_counters), cmocka_unit_test(test_xclient),
        cmocka_unit_test(test_xforward), cmocka_unit_test(test_limits)};

    return cmocka_run_group_tests(tests, setup_config, NULL);
}
