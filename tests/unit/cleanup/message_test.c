/* What becomes of an envelope and a content: the records of the queue file. No daemon takes part:
 * every address here is in its standard form already, so trivial-rewrite is not asked. */
#include "tests/unit/cleanup/rig.h"

static int set_up_group(void **state)
{
    (void) state;
    setenv("TZ", "UTC", 1);
    rig_set_configuration();
    cleanup_content_init();
    cleanup_envelope_init();
    cleanup_sign_init();
    clock_fake(1000, 1000);
    return 0;
}

static const struct {
    const char *what, *context, *in, *out;
} contents[] = {
    {"remote mail is not mended", "remote", "Subject: x\n\nbody\n", "N Subject: x\nN \nN body\n"},
    {"bcc and return-path go", "remote", "Bcc: a\nReturn-Path: <x>\nSubject: x\nContent-Length: 5\n\nb\n", "N Subject: x\nN \nN b\n"},
    {"folded headers stay folded", "remote", "Subject: a\n b\n\tc\n\nb\n", "N Subject: a\nN  b\nN \tc\nN \nN b\n"},
    {"no body", "remote", "Subject: x\n", "N Subject: x\n"},
    {"an empty line is missing", "remote", "Subject: x\nnot a header\n", "N Subject: x\nN \nN not a header\n"},
    {"no header", "remote", "\nbody\n", "N \nN body\n"},
    {"a last line without its end", "remote", "Subject: x\n\nbody", "N Subject: x\nN \nN body\n"},
    {"a lone CR becomes a blank", "remote", "Subject: x\n\na\rb\n", "N Subject: x\nN \nN a b\n"},
    {"8-bit bytes pass", "remote", "Subject: \303\244\n\n\303\266\n", "N Subject: \303\244\nN \nN \303\266\n"},
    {"local mail gets what is missing", "local", "Subject: x\n\nb\n",
        "N Subject: x\nN Message-Id: <19700101001640.4ABCD@mta.example>\n"
        "N Date: Thu, 01 Jan 1970 00:16:40 +0000 (UTC)\nN From: s@a.example\nN \nN b\n"},
    {"a resent message gets resent headers", "local", "Resent-To: r@b.example\nFrom: x@a.example\n\nb\n",
        "N Resent-To: r@b.example\nN From: x@a.example\nN Resent-Message-Id: <19700101001640.4ABCD@mta.example>\n"
        "N Resent-Date: Thu, 01 Jan 1970 00:16:40 +0000 (UTC)\nN Resent-From: s@a.example\nN \nN b\n"},
};

static void contents_become_records(void **state)
{
    static const size_t chunks[] = {1, 7, 100000};
    struct message m;
    struct str out = {0};

    (void) state;
    rig_put_recipient("r@b.example", "r@b.example", 0);
    for (size_t i = 0; i < ARRAY_SIZE(contents); i++)
        for (size_t j = 0; j < ARRAY_SIZE(chunks); j++) {
            rig_process(&m, contents[i].context, contents[i].in, chunks[j]);
            rig_content_of(&m, &out);
            assert_string_equal(str_text(&out), contents[i].out);
            assert_int_equal(m.status, 0);
            rig_release(&m);
        }
    str_done(&out);
    str_done(&rig_head);
}

static void the_envelope_can_be_read_again(void **state)
{
    struct message m;
    struct envelope e;
    struct arena a = {0};
    struct str why = {0};

    (void) state;
    rig_put_recipient("r1@b.example", "r1@b.example", DSN_NOTIFY_FAILURE);
    rig_put_recipient("R1@b.example", "r1@B.example", DSN_NOTIFY_FAILURE); /* a duplicate */
    rig_put_recipient("r2@b.example", "other@b.example", 0);
    rig_process(&m, "remote", "Message-Id: <1@x>\nContent-Transfer-Encoding: 8bit\n\nhello\n", 1000);
    assert_true(envelope_read(&a, m.image.bytes.data, m.image.bytes.len, 0, &e, NULL, &why));
    assert_int_equal(e.recipient_count, 2);
    assert_string_equal(e.recipients[0].address, "r1@b.example");
    assert_int_equal(e.recipients[0].dsn_notify, DSN_NOTIFY_FAILURE);
    assert_string_equal(e.recipients[1].original, "other@b.example");
    assert_string_equal(e.recipients[1].dsn_orcpt, "rfc822;r2@b.example");
    assert_string_equal(e.sender, "s@a.example");
    assert_string_equal(e.message_id, "<1@x>");
    assert_string_equal(e.encoding, "8bit");
    assert_int_equal(e.arrival.tv_sec, 1000);
    assert_int_equal(e.data_offset, m.data_offset);
    assert_true(e.is_complete);
    arena_done(&a);
    str_done(&why);
    str_done(&rig_head);
    rig_release(&m);
}

static const struct {
    const char *what, *text;
    int status;
} refusals[] = {
    {"two hops are allowed", "Received: 1\nReceived: 2\n\nb\n", 0},
    {"three are not", "Received: 1\nReceived: 2\nReceived: 3\n\nb\n", CLEANUP_STAT_HOPS},
};

static void too_many_hops_are_refused(void **state)
{
    struct message m;

    (void) state;
    rig_put_recipient("r@b.example", "r@b.example", 0);
    for (size_t i = 0; i < ARRAY_SIZE(refusals); i++) {
        rig_process(&m, "remote", refusals[i].text, 5);
        assert_int_equal(m.status, refusals[i].status);
        rig_release(&m);
    }
    str_done(&rig_head);
}

static void no_recipients_and_too_large_are_refused(void **state)
{
    struct message m;
    struct str text = {0};

    (void) state;
    rig_process(&m, "remote", "a: b\n\nc\n", 100);
    assert_int_equal(m.status, CLEANUP_STAT_RCPT);
    rig_release(&m);
    rig_put_recipient("r@b.example", "r@b.example", 0);
    conf.message_size_limit = 20000;
    for (int i = 0; i < 1000; i++)
        str_adds(&text, "some text that makes it long\n");
    rig_process(&m, "remote", str_text(&text), 4096);
    assert_int_equal(m.status, CLEANUP_STAT_SIZE);
    rig_release(&m);
    conf.message_size_limit = 10240000;
    str_done(&text);
    str_done(&rig_head);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(contents_become_records), cmocka_unit_test(the_envelope_can_be_read_again),
        cmocka_unit_test(too_many_hops_are_refused), cmocka_unit_test(no_recipients_and_too_large_are_refused),
    };

    return cmocka_run_group_tests(tests, set_up_group, NULL);
}
