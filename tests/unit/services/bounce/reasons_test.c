#include "services/bounce/reasons.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "config/config.h"
#include "tests/unit/test.h"

#define QUEUE_ID "4b2Wq05X1Gz9"

/* Logs as programs have written them, and what they say. */
static const struct {
    const char *what, *text;
    size_t count;
    const char *address, *original, *orcpt, *status, *action, *diag_type, *diag_text, *mta_name, *reason;
    int notify;
    uint32_t offset;
} logs[] = {
    {"an entry of Postfix 3",
        "\n<\"a b\"@sink.example>: host said: 450 try later\nrecipient=\"a b\"@sink.example\noffset=804\n"
        "dsn_orig_rcpt=rfc822;xx@y\nnotify_flags=12\nstatus=4.2.0\naction=delayed\ndiag_type=smtp\n"
        "diag_text=450 try = later\nmta_type=dns\nmta_mname=127.0.0.1\nreason=host said: 450 try later\n\n",
        1, "a b@sink.example", "a b@sink.example", "rfc822;xx@y", "4.2.0", "delayed", "smtp", "450 try = later", "127.0.0.1",
        "host said: 450 try later", 12, 804},
    {"an alias", "\nrecipient=new@b.example\noriginal_recipient=old@a.example\nstatus=5.1.1\nreason=no\n\n", 1, "new@b.example",
        "old@a.example", "", "5.1.1", "", "", "", "", "no", 0, 0},
    {"the null address", "\n<<>>: no\nrecipient=<>\nstatus=5.1.1\nreason=no\n\n", 1, "", "", "", "5.1.1", "", "", "", "", "no", 0, 0},
    {"an entry of Postfix 1", "\n<\"a b\"@c.example>: unknown user: \"a b\"\n\n", 1, "a b@c.example", "a b@c.example", "", "", "",
        "", "", "", "unknown user: \"a b\"", 0, 0},
    {"two, the last one cut off", "\n<a@b>: one\nrecipient=a@b\nreason=one\n\n\n<c@d>: two\nrecip", 2, "a@b", "a@b", "", "", "", "",
        "", "", "one", 0, 0},
    {"nothing that makes sense", "\nfoo\n<bar\n=\n\nbaz=1\n\n", 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0},
    {"nothing", "", 0, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, 0, 0},
};

static void logs_are_read(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(logs); i++) {
        struct arena a = {0};
        struct vec entries = {0};
        bounce_reasons_parse(&a, arena_strdup(&a, logs[i].text), &entries);
        if (entries.count != logs[i].count)
            fail_msg("%s: %zu entries", logs[i].what, entries.count);
        if (entries.count > 0) {
            const struct reason *r = entries.items[0];
            assert_string_equal(r->recipient.address, logs[i].address);
            assert_string_equal(r->recipient.original, logs[i].original);
            assert_string_equal(r->recipient.dsn_orcpt, logs[i].orcpt);
            assert_int_equal(r->recipient.dsn_notify, logs[i].notify);
            assert_int_equal(r->recipient.offset, logs[i].offset);
            assert_string_equal(r->dsn.status, logs[i].status);
            assert_string_equal(r->dsn.action, logs[i].action);
            assert_string_equal(r->dsn.diag_type, logs[i].diag_type);
            assert_string_equal(r->dsn.diag_text, logs[i].diag_text);
            assert_string_equal(r->dsn.mta_name, logs[i].mta_name);
            assert_string_equal(r->dsn.reason, logs[i].reason);
        }
        vec_done(&entries, NULL);
        arena_done(&a);
    }
}

static const struct reason example = {
    .recipient = {.address = "a b@sink.example", .original = "alias@example.com", .dsn_orcpt = "rfc822;xx@y", .dsn_notify = 12,
        .offset = 804},
    .dsn = {.status = "4.2.0", .action = "delayed", .reason = "450 one\r\n\001two", .diag_type = "smtp", .diag_text = "450 one\n",
        .mta_type = "dns", .mta_name = "127.0.0.1"},
};

static const char example_text[] =
    "recipient=\"a b\"@sink.example\noriginal_recipient=alias@example.com\noffset=804\ndsn_orig_rcpt=rfc822;xx@y\n"
    "notify_flags=12\nstatus=4.2.0\naction=delayed\ndiag_type=smtp\ndiag_text=450 one \nmta_type=dns\nmta_mname=127.0.0.1\n"
    "reason=450 one  ?two\n\n";

static void check_file(const char *before)
{
    struct str path = {0}, text = {0}, want = {0}, why = {0};

    str_setf(&path, "defer/%s", QUEUE_ID);
    assert_true(file_read(str_text(&path), &text, &why));
    str_setf(&want, "%s%s", before, example_text);
    assert_string_equal(str_text(&text), str_text(&want));
    str_done(&path);
    str_done(&text);
    str_done(&want);
    str_done(&why);
}

static void entries_are_written_as_postfix_does(void **state)
{
    (void) state;
    conf.backwards_bounce_logfile_compatibility = true;
    assert_true(bounce_reasons_append("defer", QUEUE_ID, &example));
    check_file("\n<\"a b\"@sink.example>: 450 one  ?two\n");
    bounce_reasons_remove("defer", QUEUE_ID);
    conf.backwards_bounce_logfile_compatibility = false;
    assert_true(bounce_reasons_append("defer", QUEUE_ID, &example));
    check_file("\n");
    bounce_reasons_remove("defer", QUEUE_ID);
}

static void what_was_written_is_read(void **state)
{
    struct arena a = {0};
    struct vec entries = {0};

    (void) state;
    assert_true(bounce_reasons_append("defer", QUEUE_ID, &example));
    assert_true(bounce_reasons_append("defer", QUEUE_ID, &example));
    assert_true(bounce_reasons_read(&a, "defer", QUEUE_ID, &entries));
    assert_int_equal(entries.count, 2);
    const struct reason *r = entries.items[1];
    assert_string_equal(r->recipient.address, example.recipient.address);
    assert_string_equal(r->recipient.original, example.recipient.original);
    assert_string_equal(r->dsn.reason, "450 one  ?two");
    vec_done(&entries, NULL);
    bounce_reasons_remove("defer", QUEUE_ID);
    assert_true(bounce_reasons_read(&a, "defer", QUEUE_ID, &entries)); /* no log: nothing to tell */
    assert_int_equal(entries.count, 0);
    arena_done(&a);
}

static char dir[] = "/tmp/reasons_test.XXXXXX";

static int set_up(void **state)
{
    (void) state;
    conf.hash_queue_names = "";
    return mkdtemp(dir) == NULL || chdir(dir) < 0 ? -1 : mkdir("defer", 0700);
}

static int tear_down(void **state)
{
    (void) state;
    return rmdir("defer") < 0 || chdir("/") < 0 ? -1 : rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(logs_are_read), cmocka_unit_test(entries_are_written_as_postfix_does),
        cmocka_unit_test(what_was_written_is_read),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
