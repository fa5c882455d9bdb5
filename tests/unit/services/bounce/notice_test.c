#include "services/bounce/notice.h"

#include "config/config.h"
#include "queue/record.h"
#include "services/bounce/reasons.h"
#include "services/bounce/texts.h"
#include "tests/unit/test.h"

static const struct reason plain = {
    .recipient = {.address = "bad@sink.example", .original = "bad@sink.example", .dsn_orcpt = ""},
    .dsn = {.status = "5.1.1", .action = "failed", .reason = "host sink.example[192.0.2.1] said: 550 5.1.1 no such user (in reply to "
        "RCPT TO command)", .diag_type = "smtp", .diag_text = "550 5.1.1 no such user", .mta_type = "dns", .mta_name = "sink.example"},
};
static const struct reason evil = {
    .recipient = {.address = "bad\r\nBcc: x@sink.example", .original = "a b@sink.example", .dsn_orcpt = "rfc822;\nBcc: x"},
    .dsn = {.status = "", .action = "", .reason = "one\nBcc: two\377\001", .diag_type = "", .diag_text = "", .mta_type = "",
        .mta_name = "mta\nBcc: x"},
};
static const struct reason from_old_log = {
    .recipient = {.address = "a@b.example", .original = "", .dsn_orcpt = ""},
    .dsn = {.status = "", .action = "delayed", .reason = "timed out", .diag_type = "", .diag_text = "", .mta_type = "", .mta_name = ""},
};
static const struct reason utf8 = {
    .recipient = {.address = "ünü@sink.example", .original = "alias@here.example", .dsn_orcpt = "utf-8;ünü@sink.example"},
    .dsn = {.status = "5.1.1", .action = "failed", .reason = "nein, ünü", .diag_type = "smtp", .diag_text = "550 nein, ünü",
        .mta_type = "dns", .mta_name = "sink.example"},
};

enum { HDRS = DSN_RET_HDRS, UTF8 = SENDOPT_SMTPUTF8_REQUESTED, TLS = SENDOPT_REQUIRETLS };
#define T_FAILURE BOUNCE_TEMPLATE_FAILURE
#define T_DELAY BOUNCE_TEMPLATE_DELAY
#define T_SUCCESS BOUNCE_TEMPLATE_SUCCESS
#define T_VERIFY BOUNCE_TEMPLATE_VERIFY

static const struct {
    const char *what;
    enum bounce_template_kind kind;
    enum notice_reader reader;
    const struct reason *reason;
    int dsn_ret, sendopts;
    const char *body; /* of the original; NULL: it cannot be read */
    bool is_8bit;
    const char *has[6], *has_not[4];
} cases[] = {
    {"a failure", T_FAILURE, NOTICE_SENDER, &plain, 0, 0, "private words", false,
        {"report-type=delivery-status;", "\nAuto-Submitted: auto-replied\n",
            "\n<bad@sink.example>: host sink.example[192.0.2.1] said: 550 5.1.1 no such user\n    (in reply to RCPT TO command)\n",
            "\n\nFinal-Recipient: rfc822; bad@sink.example\nOriginal-Recipient: rfc822;bad@sink.example\nAction: failed\n"
            "Status: 5.1.1\nRemote-MTA: dns; sink.example\nDiagnostic-Code: smtp; 550 5.1.1 no such user\n",
            "\nContent-Type: message/rfc822\n\nReturn-Path: <s@example.com>\nSubject: hi\n\nprivate words\n",
            "\nReporting-MTA: dns; mta.example\nOriginal-Envelope-Id: env+id\nX-Postfix-Queue-ID: 4b2Wq05X1Gz9\n"
            "X-Postfix-Sender: rfc822; s@example.com\n"},
        {"8bit", "In-Reply-To", "charset=utf-8", "Will-Retry"}},
    {"headers only", T_FAILURE, NOTICE_SENDER, &plain, HDRS, 0, "private words", false,
        {"\nContent-Description: Undelivered Message Headers\nContent-Type: text/rfc822-headers\n\nReturn-Path: <s@example.com>\n"
         "Subject: hi\n\n--"}, {"private words"}},
    {"a long message", T_FAILURE, NOTICE_SENDER, &plain, 0, 0,
        "private words 5678901234567890123456789012345678901234567890123456789012345678901234567890123456789012345678901234567890",
        false, {"text/rfc822-headers"}, {"private words"}},
    {"a message that is gone", T_FAILURE, NOTICE_SENDER, &plain, 0, 0, NULL, false, {"\nAction: failed\n"}, {"rfc822-headers"}},
    {"8-bit content", T_FAILURE, NOTICE_SENDER, &plain, 0, 0, "gr\374\337e", true,
        {"\nContent-Transfer-Encoding: 8bit\n\nThis is a message in MIME format.",
            "Content-Type: message/rfc822\nContent-Transfer-Encoding: 8bit\n\nReturn-Path: ", "charset=us-ascii\n\n",
            "Content-Type: message/delivery-status\n\n"}, {NULL}},
    {"a delay", T_DELAY, NOTICE_SENDER, &from_old_log, 0, 0, "private words", false,
        {"\nAction: delayed\nStatus: 4.0.0\nDiagnostic-Code: X-Postfix; timed out\nWill-Retry-Until: ", "rfc822-headers"},
        {"private words", "Original-Recipient", "Remote-MTA"}},
    {"too old", T_FAILURE, NOTICE_SENDER, &from_old_log, 0, 0, "x", false, {"\nAction: failed\n"}, {NULL}},
    {"a success", T_SUCCESS, NOTICE_SENDER, &plain, 0, 0, "private words", false,
        {"\nContent-Description: Message Headers\n"}, {"private words"}},
    {"a copy", T_FAILURE, NOTICE_COPY, &plain, 0, 0, "private words", false,
        {"\nAuto-Submitted: auto-generated\n", "\nSubject: Postmaster Copy: ", "rfc822-headers", "us-ascii\n\n\n<bad@"},
        {"private words", "mail system"}},
    {"the report of sendmail -bv", T_VERIFY, NOTICE_SENDER, &plain, 0, 0, "private words", false,
        {"\nSubject: Mail Delivery Status Report\n", "\nContent-Description: Message Headers\n"}, {"private words"}},
    {"a message that needs TLS", T_FAILURE, NOTICE_SENDER, &plain, 0, TLS, "private words", false, {"rfc822-headers"},
        {"private words"}},
    {"nobody to tell", T_FAILURE, NOTICE_POSTMASTER, &plain, 0, 0, "private words", false,
        {"\nAuto-Submitted: auto-generated\n", "private words"}, {NULL}},
    {"texts that want to be lines", T_FAILURE, NOTICE_SENDER, &evil, 0, 0, NULL, false,
        {"two??\n", "Final-Recipient: rfc822; \"bad\\  Bcc: x\"@sink.example\nOriginal-Recipient: rfc822; Bcc: x\n",
            "Remote-MTA: dns; mta Bcc: x\nDiagnostic-Code: X-Postfix; one Bcc: two??\n"}, {"\nBcc", "\r"}},
    {"UTF-8 where it may not stand", T_FAILURE, NOTICE_SENDER, &utf8, 0, 0, NULL, true,
        {"\n<ünü@sink.example> (expanded from <alias@here.example>): nein, ünü\n", "Content-Type: message/delivery-status\n\n",
            "text/plain; charset=utf-8\nContent-Transfer-Encoding: 8bit\n\n",
            "\nFinal-Recipient: rfc822; ünü@sink.example\n", "\nDiagnostic-Code: smtp; 550 nein, ünü\n"}, {NULL}},
    {"UTF-8 where it may", T_FAILURE, NOTICE_SENDER, &utf8, 0, UTF8, "hällo", true,
        {"report-type=delivery-status;", "Content-Type: message/global-delivery-status\nContent-Transfer-Encoding: 8bit\n\n",
            "\nFinal-Recipient: utf-8; ünü@sink.example\nOriginal-Recipient: utf-8;ünü@sink.example\n",
            "\nDiagnostic-Code: smtp; 550 nein, ünü\n", "Content-Type: message/global\nContent-Transfer-Encoding: 8bit\n\n"}, {NULL}},
    {"UTF-8 headers", T_FAILURE, NOTICE_SENDER, &plain, HDRS, UTF8, "x", true,
        {"Content-Type: message/global-headers\nContent-Transfer-Encoding: 8bit\n\n"}, {NULL}},
};

static void build(struct str *text, size_t i, bool *is_8bit)
{
    struct str file = {0};
    struct vec entries = {0};
    struct notice_about about = {.queue_id = "4b2Wq05X1Gz9", .sender = "s@example.com", .envelope_id = "env+id",
        .dsn_ret = cases[i].dsn_ret, .sendopts = cases[i].sendopts};

    if (cases[i].body != NULL) {
        record_adds(&file, REC_LINE, "Subject: hi");
        record_adds(&file, REC_LINE, "");
        record_adds(&file, REC_LINE, cases[i].body);
        about.envelope.data_size = file.len;
        record_adds(&file, REC_EXTRACTED, "");
        about.bytes = file.data;
        about.n = file.len;
    }
    about.envelope.create_time = 1700000000;
    about.envelope.message_id = "<id@example.com>";
    vec_add(&entries, (void *) cases[i].reason);
    str_clear(text);
    const struct notice n = {cases[i].kind, cases[i].reader, &about, &entries};
    *is_8bit = strcmp(bounce_notice_build(&n, "s@example.com", text), "8bit") == 0;
    vec_done(&entries, NULL);
    str_done(&file);
}

static void notices_say_what_happened(void **state)
{
    struct str text = {0};
    bool is_8bit;

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        build(&text, i, &is_8bit);
        for (size_t j = 0; j < ARRAY_SIZE(cases[i].has) && cases[i].has[j] != NULL; j++)
            if (strstr(str_text(&text), cases[i].has[j]) == NULL)
                fail_msg("%s: no \"%s\" in\n%s", cases[i].what, cases[i].has[j], str_text(&text));
        for (size_t j = 0; j < ARRAY_SIZE(cases[i].has_not) && cases[i].has_not[j] != NULL; j++)
            if (strstr(str_text(&text), cases[i].has_not[j]) != NULL)
                fail_msg("%s: \"%s\" in\n%s", cases[i].what, cases[i].has_not[j], str_text(&text));
        if (is_8bit != cases[i].is_8bit)
            fail_msg("%s: 8-bit: %d", cases[i].what, is_8bit);
    }
    str_done(&text);
}

static void threads_are_kept_on_demand(void **state)
{
    struct str text = {0};
    bool is_8bit;

    (void) state;
    conf.enable_threaded_bounces = true;
    build(&text, 0, &is_8bit);
    assert_non_null(strstr(str_text(&text), "\nReferences: <id@example.com>\nIn-Reply-To: <id@example.com>\n"));
    conf.enable_threaded_bounces = false;
    str_done(&text);
}

static void a_boundary_is_not_too_long(void **state)
{
    struct str text = {0};
    bool is_8bit;

    (void) state;
    conf.myhostname = "a-very-long-host-name-in-a-very-long-domain.with-many-labels.below.example.com";
    build(&text, 0, &is_8bit);
    const char *boundary = strstr(str_text(&text), "boundary=\"");
    assert_non_null(boundary);
    assert_true(strcspn(boundary + 10, "\"") <= 70);
    conf.myhostname = "mta.example";
    str_done(&text);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(notices_say_what_happened), cmocka_unit_test(threads_are_kept_on_demand),
        cmocka_unit_test(a_boundary_is_not_too_long),
    };

    conf.myhostname = conf.myorigin = "mta.example";
    conf.mail_name = "Postfix";
    conf.mydomain = "example";
    conf.header_from_format = "standard";
    conf.bounce_template_file = "";
    conf.requiretls_redact_dsn = true;
    bounce_texts_open();
    conf.bounce_size_limit = 100;
    conf.maximal_queue_lifetime = 5 * 86400;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
