#include "mail/mail_source.h"

#include "base/compiler.h"
#include "config/config.h"
#include "mail/cleanup_client.h"
#include "tests/unit/test.h"

static const struct {
    const char *what, *override, *utf8;
    enum mail_source source;
    int want;
    bool checks_recipients;
} cases[] = {
    {"smtpd", "", "", MAIL_SOURCE_SMTPD, CLEANUP_MASK_EXTERNAL, true},
    {"sendmail", "", "sendmail, verify", MAIL_SOURCE_SENDMAIL,
        CLEANUP_MASK_EXTERNAL | CLEANUP_BOUNCE | CLEANUP_AUTOUTF8, true},
    {"no mappings", "no_address_mappings", "", MAIL_SOURCE_SMTPD, CLEANUP_FILTER | CLEANUP_MILTER, true},
    {"no checks, no milters", "no_milters, no_header_body_checks", "verify", MAIL_SOURCE_QMQPD,
        CLEANUP_BCC_OK | CLEANUP_MAP_OK, true},
    {"any recipient", "no_unknown_recipient_checks", "", MAIL_SOURCE_SMTPD, CLEANUP_MASK_EXTERNAL, false},
    {"our own mail", "no_address_mappings", "", MAIL_SOURCE_VERIFY, CLEANUP_MASK_INTERNAL, true},
    {"our own mail, inspected", "no_header_body_checks", "all", MAIL_SOURCE_BOUNCE,
        CLEANUP_MASK_INTERNAL | CLEANUP_FILTER | CLEANUP_MILTER | CLEANUP_AUTOUTF8, true},
    {"other mail of ours", "", "bounce", MAIL_SOURCE_NOTIFY, CLEANUP_MASK_INTERNAL, true},
};

static void sources(void **state)
{
    (void) state;
    conf.smtputf8_enable = true;
    conf.internal_mail_filter_classes = "bounce";
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        print_message("%s\n", cases[i].what);
        conf.receive_override_options = cases[i].override;
        conf.smtputf8_autodetect_classes = cases[i].utf8;
        assert_int_equal(mail_source_flags(cases[i].source), cases[i].want);
        assert_int_equal(mail_source_checks_recipients(), cases[i].checks_recipients);
    }
    conf.smtputf8_enable = false;
    conf.smtputf8_autodetect_classes = "all";
    assert_int_equal(mail_source_flags(MAIL_SOURCE_SMTPD) & CLEANUP_AUTOUTF8, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(sources)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
