/* Header and body checks as a message passes: what is stored, what is logged, what becomes of the message. */
#include "tests/unit/cleanup/rig.h"

#define FROM " from client.example[192.0.2.1]; from=<s@a.example> to=<r@b.example> proto=ESMTP helo=<helo>"

static int set_up_group(void **state)
{
    rig_set_configuration();
    conf.header_checks = "regexp:{{/^X-Reject: (.*)/ REJECT $1}, {/^X-Warn/ WARN}, {/^X-Prepend/ PREPEND P: q},"
                         " {/^X-Replace: (.*)/ REPLACE $1}, {/^X-Ignore/ IGNORE}, {/^X-Strip/ STRIP}, {/^X-Pass/ PASS},"
                         " {/^X-Hold/ HOLD}, {/^X-Discard/ DISCARD}, {/^X-Filter: (.*)/ FILTER $1},"
                         " {/^X-Redirect: (.*)/ REDIRECT $1}, {/^X-Bcc: (.*)/ BCC $1}}";
    conf.mime_header_checks = "regexp:{{/^Content-Disposition/ IGNORE}}";
    conf.nested_header_checks = "";
    conf.body_checks = "regexp:{{/^reject/ REJECT no}, {/^prepend/ PREPEND p}, {/^replace/ REPLACE r}, {/^ignore/ IGNORE},"
                       " {/^late/ REJECT late}}";
    conf.body_checks_size_limit = 30;
    conf.message_reject_characters = "\\001";
    conf.message_strip_characters = "\\002\\t";
    conf.non_empty_end_of_header_action = "add_header";
    cleanup_inspect_init();
    cleanup_content_init();
    cleanup_envelope_init();
    cleanup_sign_init();
    clock_fake(1000, 1000);
    return capture_setup(state);
}

static const struct {
    const char *what, *in, *out, *log;
    int status, flags; /* of CLEANUP_HOLD, CLEANUP_DISCARD and CLEANUP_FILTER */
} cases[] = {
    {"nothing to do", "A: b\n\nc\n", "N A: b\nN \nN c\n", "4ABCD: message-id=<>", 0, CLEANUP_FILTER},
    {"WARN", "X-Warn: a\n b\n\n", "N X-Warn: a\nN  b\nN \n", "4ABCD: warning: header X-Warn: a? b" FROM "|4ABCD: message-id=<>", 0,
        CLEANUP_FILTER},
    {"PREPEND", "X-Prepend: a\n\n", "N P: q\nN X-Prepend: a\nN \n",
        "4ABCD: prepend: header X-Prepend: a" FROM ": P: q|4ABCD: message-id=<>", 0, CLEANUP_FILTER},
    {"REPLACE counts as what it is now", "X-Replace: Message-Id: <x>\n\n", "N Message-Id: <x>\nN \n",
        "4ABCD: replace: header X-Replace: Message-Id: <x>" FROM ": Message-Id: <x>|4ABCD: message-id=<x>", 0, CLEANUP_FILTER},
    {"IGNORE, STRIP", "X-Ignore: a\nX-Strip: b\nC: d\n\n", "N C: d\nN \n", "4ABCD: strip: header X-Strip: b" FROM "|4ABCD: message-id=<>",
        0, CLEANUP_FILTER},
    {"PASS", "X-Pass: a\nX-Warn: b\n\nreject\n", "N X-Pass: a\nN X-Warn: b\nN \nN reject\n",
        "4ABCD: pass: header X-Pass: a" FROM "|4ABCD: message-id=<>", 0, 0},
    {"HOLD is said once", "X-Hold: a\nX-Hold: b\n\n", "N X-Hold: a\nN X-Hold: b\nN \n",
        "4ABCD: hold: header X-Hold: a" FROM "|4ABCD: message-id=<>", 0, CLEANUP_FILTER | CLEANUP_HOLD},
    {"DISCARD", "X-Discard: a\nX-Warn: b\n\nc\n", "", "4ABCD: discard: header X-Discard: a" FROM, 0, CLEANUP_DISCARD},
    {"REJECT", "X-Reject: 4.7.1 later\nX-Warn: b\n\nc\n", "", "4ABCD: reject: header X-Reject: 4.7.1 later" FROM ": 4.7.1 later",
        CLEANUP_STAT_DEFER, 0},
    {"REJECT in the body", "A: b\n\nc\nreject d\n", "N A: b\nN \nN c\n",
        "4ABCD: message-id=<>|4ABCD: reject: body reject d" FROM ": 5.7.1 no", CLEANUP_STAT_CONT, 0},
    {"lines are changed", "A: b\n\nprepend\nreplace\nignore\n", "N A: b\nN \nN p\nN prepend\nN r\n",
        "4ABCD: message-id=<>|4ABCD: prepend: body prepend" FROM ": p|4ABCD: replace: body replace" FROM ": r", 0, CLEANUP_FILTER},
    {"only the beginning of the body", "A: b\n\n0123456789012345678901234567\nlate\n",
        "N A: b\nN \nN 0123456789012345678901234567\nN late\n", "4ABCD: message-id=<>", 0, CLEANUP_FILTER},
    {"a part begins anew", "Content-Type: multipart/mixed; boundary=b\n\n--b\nContent-Disposition: x\n\n0123456789012345678901\nignore\n",
        "N Content-Type: multipart/mixed; boundary=b\nN \nN --b\nN \nN 0123456789012345678901\n", "4ABCD: message-id=<>", 0, CLEANUP_FILTER},
    {"refused characters", "A: b\n\nc\001d\n", "N A: b\nN \n", "4ABCD: message-id=<>|4ABCD: reject: content c?d" FROM ": 5.7.1 disallowed character",
        CLEANUP_STAT_CONT, 0},
    {"stripped characters", "A:\t\002b\n\n\tc\n", "N A:b\nN \nN c\n", "4ABCD: message-id=<>", 0, CLEANUP_FILTER},
    {"what ends the header is told", "A: b\nno header\n", "N A: b\nN MIME-Error: message header is not followed by an empty line\nN \nN no header\n",
        "4ABCD: message-id=<>", 0, CLEANUP_FILTER},
};

static void messages_are_inspected(void **state)
{
    static const size_t chunks[] = {1, 7, 100000};
    struct message m;
    struct str out = {0};

    (void) state;
    rig_put_recipient("r@b.example", "r@b.example", 0);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        for (size_t j = 0; j < ARRAY_SIZE(chunks); j++) {
            print_message("%s, by %zu bytes\n", cases[i].what, chunks[j]);
            rig_process(&m, "remote", cases[i].in, chunks[j]);
            rig_content_of(&m, &out);
            if (j < 2 || strstr(cases[i].what, "characters") == NULL) /* then what is before it depends on the piece */
                assert_string_equal(str_text(&out), cases[i].out);
            assert_string_equal(capture_take(), cases[i].log);
            assert_int_equal(m.status, cases[i].status);
            assert_int_equal(m.flags & (CLEANUP_HOLD | CLEANUP_DISCARD | CLEANUP_FILTER), cases[i].flags);
            rig_release(&m);
        }
    str_done(&out);
    str_done(&rig_head);
}

static void the_way_is_changed(void **state)
{
    struct message m;
    struct envelope e;
    struct str why = {0};

    (void) state;
    rig_put_recipient("r@b.example", "r@b.example", 0);
    rig_process(&m, "remote", "X-Bcc: copy@c.example\nX-Filter: a:first\nX-Filter: a:b\nX-Redirect: x@y.example\nX-Filter: c:d\n\n", 100);
    assert_true(envelope_read(&m.arena, m.image.bytes.data, m.image.bytes.len, 0, &e, NULL, &why));
    assert_string_equal(e.filter, "a:b");
    assert_string_equal(e.redirect, "x@y.example");
    assert_int_equal(e.recipient_count, 2);
    assert_string_equal(e.recipients[1].address, "copy@c.example");
    assert_int_equal(e.recipients[1].dsn_notify, DSN_NOTIFY_NEVER);
    rig_release(&m);
    str_done(&rig_head);
    capture_take();
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(messages_are_inspected),
        cmocka_unit_test(the_way_is_changed),
    };

    return cmocka_run_group_tests(tests, set_up_group, capture_teardown);
}
