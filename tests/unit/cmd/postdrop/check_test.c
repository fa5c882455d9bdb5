#include "cmd/postdrop/check.h"

#include <stdio.h>

#include "tests/unit/test.h"

#define BLANK_SIZE "             -1              -1              -1              -1              -1               "

/* Records as a letter and a text each, "MX" meaning that there is none; want: what becomes of the last one. */
static const struct {
    const char *what;
    const char *records[8];
    enum postdrop_verdict want;
    const char *why;
} cases[] = {
    {"sender", {"Sme@x"}, POSTDROP_KEEP, ""},
    {"empty recipient", {"Sme", "R"}, POSTDROP_KEEP, ""},
    {"full name, verp", {"Sme", "FA. Person", "V+="}, POSTDROP_KEEP, ""},
    {"end", {"Sme", "Ryou", "M", "Nhi", "X", "E"}, POSTDROP_KEEP, ""},
    {"recipients behind the content", {"Sme", "M", "X", "Anotify_flags=2", "Ryou"}, POSTDROP_KEEP, ""},
    {"behind the end", {"Sme", "M", "X", "E", "Nx"}, POSTDROP_REFUSE, "unexpected record type: 78"},
    {"a time of their own", {"T1 2"}, POSTDROP_REFUSE, "unexpected record type: 84"},
    {"a filter", {"Sme", "Lx:y"}, POSTDROP_REFUSE, "unexpected record type: 76"},
    {"a redirection", {"Sme", ">you"}, POSTDROP_REFUSE, "unexpected record type: 62"},
    {"a pointer in the content", {"Sme", "M", "p10"}, POSTDROP_REFUSE, "unexpected record type: 112"},
    {"an envelope record in the content", {"Sme", "M", "Ryou"}, POSTDROP_REFUSE, "unexpected record type: 82"},
    {"a sender behind the content", {"M", "X", "Sme"}, POSTDROP_REFUSE, "unexpected record type: 83"},
    {"sizes that are not known", {"C" BLANK_SIZE "1"}, POSTDROP_KEEP, ""},
    {"sizes that are not the first", {"Sme", "C" BLANK_SIZE "1"}, POSTDROP_REFUSE, "unexpected record type: 67"},
    {"sizes of their own", {"C1 2 3 4 5 6"}, POSTDROP_REFUSE, "unexpected record type: 67"},
    {"sizes without options", {"C" BLANK_SIZE}, POSTDROP_REFUSE, "unexpected record type: 67"},
    {"LF in a recipient", {"Rme\nR"}, POSTDROP_REFUSE, "CR, LF or NUL in envelope record, type 82"},
    {"CR in an attribute", {"Aenvelope_id=\r"}, POSTDROP_REFUSE, "CR, LF or NUL in envelope record, type 65"},
    {"LF in the content", {"M", "Na\nb"}, POSTDROP_KEEP, ""},
    {"a known attribute", {"Aencoding=8bit"}, POSTDROP_KEEP, ""},
    {"an original recipient", {"Adsn_orig_rcpt=rfc822;x"}, POSTDROP_KEEP, ""},
    {"an attribute without a value", {"Aencoding="}, POSTDROP_LEAVE_OUT, "ignoring attribute record: encoding="},
    {"a client's address", {"Aclient_address=1.2.3.4"}, POSTDROP_LEAVE_OUT,
        "ignoring attribute record: client_address=1.2.3.4"},
    {"a login", {"Asasl_username=x"}, POSTDROP_LEAVE_OUT, "ignoring attribute record: sasl_username=x"},
    {"no attribute", {"Ahi"}, POSTDROP_LEAVE_OUT, "ignoring malformed record: missing '=' after attribute name: hi"},
    {"a report", {"Atrace_flags=512"}, POSTDROP_KEEP, ""},
    {"another report", {"Atrace_flags=1024"}, POSTDROP_KEEP, ""},
    {"a probe", {"Atrace_flags=256"}, POSTDROP_LEAVE_OUT, "ignoring attribute record: trace_flags=256"},
};

static void judges_records(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct postdrop_check check = {0};
        struct str why = {0};
        enum postdrop_verdict verdict = POSTDROP_KEEP;

        for (const char *const *text = cases[i].records; *text != NULL; text++) {
            struct record r = {.type = **text, .payload = *text + 1, .len = strlen(*text) - 1};
            verdict = postdrop_check_record(&check, &r, &why);
        }
        if (verdict != cases[i].want || strcmp(str_text(&why), cases[i].why) != 0)
            fail_msg("%s: %d \"%s\"", cases[i].what, verdict, str_text(&why));
        str_done(&why);
    }
}

static void refuses_nul(void **state)
{
    struct postdrop_check check = {0};
    struct record r = {.type = REC_SENDER, .payload = "a\0b", .len = 3};
    struct str why = {0};

    (void) state;
    assert_int_equal(postdrop_check_record(&check, &r, &why), POSTDROP_REFUSE);
    str_done(&why);
}

static void knows_what_a_message_needs(void **state)
{
    struct postdrop_check check = {0};
    struct str why = {0};

    (void) state;
    postdrop_check_record(&check, &(struct record){.type = REC_SENDER, .payload = ""}, &why);
    assert_true(check.has_sender && !check.has_recipient);
    postdrop_check_record(&check, &(struct record){.type = REC_RECIPIENT, .payload = ""}, &why);
    assert_true(check.has_recipient && check.stage == POSTDROP_ENVELOPE);
    str_done(&why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(judges_records), cmocka_unit_test(refuses_nul), cmocka_unit_test(knows_what_a_message_needs)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
