#include "tests/unit/table/capture.h"

#include "base/compiler.h"
#include "mail/checks.h"

#define NEED "-- need \"headername: headervalue\""

/* What an answer in header_checks, or in body_checks, comes to. */
static const struct {
    const char *what;
    enum checks_time when;
    bool in_body;
    const char *answer;
    enum check_action action;
    const char *text, *log;
} answers[] = {
    {"REJECT", CHECKS_RECEIVING, false, "REJECT", CHECK_REJECT, "5.7.1 message content rejected", ""},
    {"REJECT with text", CHECKS_RECEIVING, false, "reject  not here", CHECK_REJECT, "5.7.1 not here", ""},
    {"REJECT with a code", CHECKS_RECEIVING, false, "REJECT 4.7.0 later", CHECK_REJECT, "4.7.0 later", ""},
    {"REJECT with a code that is none", CHECKS_RECEIVING, false, "REJECT 2.0.0 ok", CHECK_REJECT, "4.0.0 ok",
        "warning: bad DSN action in 2.0.0 ok -- need 4.x.x or 5.x.x"},
    {"WARN", CHECKS_RECEIVING, false, "WARN\tlook", CHECK_WARN, "look", ""},
    {"INFO", CHECKS_RECEIVING, true, "INFO", CHECK_INFO, "", ""},
    {"PASS", CHECKS_RECEIVING, false, "PASS", CHECK_PASS, "", ""},
    {"HOLD", CHECKS_RECEIVING, false, "HOLD it", CHECK_HOLD, "it", ""},
    {"DISCARD", CHECKS_RECEIVING, false, "DISCARD", CHECK_DISCARD, "", ""},
    {"IGNORE", CHECKS_RECEIVING, false, "IGNORE", CHECK_IGNORE, "", ""},
    {"STRIP", CHECKS_RECEIVING, false, "STRIP x", CHECK_STRIP, "x", ""},
    {"DUNNO", CHECKS_RECEIVING, false, "DUNNO", CHECK_NONE, "", ""},
    {"OK", CHECKS_RECEIVING, false, "OK", CHECK_NONE, "", ""},
    {"FILTER", CHECKS_RECEIVING, false, "FILTER scan:[::1]:10025", CHECK_FILTER, "scan:[::1]:10025", ""},
    {"FILTER without text", CHECKS_RECEIVING, false, "FILTER", CHECK_NONE, NULL,
        "warning: missing FILTER command argument in header_checks map"},
    {"FILTER without colon", CHECKS_RECEIVING, false, "FILTER scan", CHECK_NONE, NULL,
        "warning: bad FILTER command scan in header_checks -- need transport:destination"},
    {"REDIRECT", CHECKS_RECEIVING, false, "REDIRECT a@b", CHECK_REDIRECT, "a@b", ""},
    {"REDIRECT nowhere", CHECKS_RECEIVING, false, "REDIRECT a", CHECK_NONE, NULL,
        "warning: bad REDIRECT target \"a\" in header_checks map -- need user@domain"},
    {"BCC", CHECKS_RECEIVING, false, "BCC a@b", CHECK_BCC, "a@b", ""},
    {"BCC to nobody", CHECKS_RECEIVING, false, "BCC", CHECK_NONE, NULL,
        "warning: bad BCC address \"\" in header_checks map -- need user@domain"},
    {"PREPEND", CHECKS_RECEIVING, false, "PREPEND A: b", CHECK_PREPEND, "A: b", ""},
    {"PREPEND without text", CHECKS_RECEIVING, false, "PREPEND", CHECK_NONE, NULL,
        "warning: PREPEND action without text in header_checks map"},
    {"PREPEND of what is no header", CHECKS_RECEIVING, false, "PREPEND a b", CHECK_NONE, NULL,
        "warning: bad PREPEND header text \"a b\" in header_checks map " NEED},
    {"PREPEND to a body line", CHECKS_RECEIVING, true, "PREPEND a b", CHECK_PREPEND, "a b", ""},
    {"REPLACE", CHECKS_RECEIVING, false, "REPLACE A: b", CHECK_REPLACE, "A: b", ""},
    {"REPLACE by what is no header", CHECKS_RECEIVING, false, "REPLACE a", CHECK_NONE, NULL,
        "warning: bad REPLACE header text \"a\" in header_checks map " NEED},
    {"REPLACE a body line", CHECKS_RECEIVING, true, "REPLACE a", CHECK_REPLACE, "a", ""},
    {"unknown", CHECKS_RECEIVING, false, "REJECTS x", CHECK_NONE, NULL,
        "warning: unknown command in header_checks map: REJECTS x"},
    {"part of a name", CHECKS_RECEIVING, false, "REJ", CHECK_NONE, NULL, "warning: unknown command in header_checks map: REJ"},
    {"too late to reject", CHECKS_DELIVERING, false, "REJECT", CHECK_NONE, NULL,
        "warning: unsupported command in header_checks map: REJECT"},
    {"too late to hold a line", CHECKS_DELIVERING, true, "HOLD", CHECK_NONE, NULL,
        "warning: unsupported command in body_checks map: HOLD"},
    {"early enough to replace", CHECKS_DELIVERING, true, "REPLACE x", CHECK_REPLACE, "x", ""},
    {"a milter's header", CHECKS_MILTER, false, "DISCARD", CHECK_DISCARD, "", ""},
    {"nothing in front of a milter's header", CHECKS_MILTER, false, "PREPEND A: b", CHECK_NONE, NULL,
        "warning: unsupported command in header_checks map: PREPEND A: b"},
};

static void answers_are_read(void **state)
{
    struct str name = {0}, header = {0};
    struct check found = {0};

    (void) state;
    str_set(&header, "Subject: x");
    for (size_t i = 0; i < ARRAY_SIZE(answers); i++) {
        print_message("%s\n", answers[i].what);
        str_setf(&name, "static:{%s}", answers[i].answer);
        const struct checks_tables tables = {.header = str_text(&name), .body = str_text(&name)};
        struct checks *c = checks_open(answers[i].when, "", &tables);
        enum check_action action = answers[i].in_body ? checks_line(c, "body", 4, &found)
                                                      : checks_header(c, MIME_PRIMARY, NULL, &header, &found);
        assert_int_equal(action, answers[i].action);
        if (answers[i].text != NULL)
            assert_string_equal(str_text(&found.text), answers[i].text);
        assert_string_equal(capture_take(), answers[i].log);
        assert_string_equal(found.map, answers[i].in_body ? "body_checks" : "header_checks");
        checks_close(c);
    }
    str_done(&name);
    str_done(&header);
    checks_found_done(&found);
}

/* Which table is asked. */
static const struct {
    const char *header;
    enum mime_class class;
    const char *map;
} classes[] = {
    {"Subject: x", MIME_PRIMARY, "smtp_header_checks"},
    {"Content-Type: x", MIME_PRIMARY, "smtp_mime_header_checks"},
    {"MIME-Version: 1.0", MIME_PRIMARY, "smtp_mime_header_checks"},
    {"X: x", MIME_PART, "smtp_mime_header_checks"},
    {"Subject: x", MIME_NESTED, "smtp_nested_header_checks"},
    {"content-id: x", MIME_NESTED, "smtp_mime_header_checks"},
};

static void classes_have_their_tables(void **state)
{
    const struct checks_tables tables = {"static:WARN", "static:WARN", "static:WARN", ""};
    struct checks *c = checks_open(CHECKS_DELIVERING, "smtp_", &tables);
    struct str header = {0};
    struct check found = {0};

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(classes); i++) {
        str_set(&header, classes[i].header);
        const struct header_info *known = header_find(header.data, strcspn(header.data, ":"));
        assert_int_equal(checks_header(c, classes[i].class, known, &header, &found), CHECK_WARN);
        assert_string_equal(found.map, classes[i].map);
    }
    assert_false(checks_has_body(c));
    assert_int_equal(checks_line(c, "x", 1, &found), CHECK_NONE);
    checks_close(c);
    str_done(&header);
    checks_found_done(&found);
}

static void nothing_is_asked(void **state)
{
    const struct checks_tables none = {"", "", "", NULL}, all = {"fail:x", "static:WARN", "", "static:WARN"};
    struct str header = {0};
    struct check found = {0};

    (void) state;
    str_set(&header, "Subject: x");
    struct checks *c = checks_open(CHECKS_RECEIVING, "", &none);
    assert_null(c);
    assert_int_equal(checks_header(c, MIME_PRIMARY, NULL, &header, &found), CHECK_NONE);
    assert_int_equal(checks_line(c, "x", 1, &found), CHECK_NONE);
    assert_null(found.map);
    c = checks_open(CHECKS_RECEIVING, "", &all);
    assert_int_equal(checks_line(c, "", 0, &found), CHECK_NONE);
    assert_int_equal(checks_header(c, MIME_NESTED, NULL, &header, &found), CHECK_NONE);
    assert_int_equal(checks_header(c, MIME_PRIMARY, NULL, &header, &found), CHECK_ERROR);
    assert_string_equal(found.map, "header_checks");
    assert_string_equal(capture_take(), "warning: fail:x lookup error for \"Subject: x\"");
    assert_string_equal(checks_word(CHECK_WARN), "warning");
    checks_close(c);
    str_done(&header);
    checks_found_done(&found);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(answers_are_read),
        cmocka_unit_test(classes_have_their_tables),
        cmocka_unit_test(nothing_is_asked),
    };

    return cmocka_run_group_tests(tests, capture_setup, capture_teardown);
}
