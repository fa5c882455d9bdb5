#include "../test.h"

#include "mail/delivery.h"
#include "mail/qmgr_notes.h"

static struct delivery_recipient two[] = {
    {.address = "a@example.com", .original = "A@example.com", .dsn_orcpt = "rfc822;a@example.com", .dsn_notify = 6,
        .offset = 300},
    {.address = "b", .original = "", .dsn_orcpt = "", .offset = 400},
};

static struct delivery sample(void)
{
    return (struct delivery){.flags = DELIVERY_CONN_REUSE, .sendopts = 3, .dsn_ret = DSN_RET_HDRS, .queue_id = "ABC",
        .queue = "active", .where = {.path = "journal/1/1", .offset = 4096, .length = 900}, .data_offset = 500,
        .data_size = 350, .content_size = 340, .nexthop = "[mail.example.com]:25", .encoding = "8bit", .sender = "",
        .envelope_id = "id", .arrival = {1700000000, 123456}, .active = {1700000001, 0}, .client_name = "client",
        .recipients = two, .recipient_count = 2};
}

static void request_and_back(void **state)
{
    struct delivery d = sample(), e;
    struct arena a = {0};
    struct str out = {0};

    (void) state;
    delivery_put(&out, &d);
    assert_true(delivery_get(&a, out.data, out.len, &e));
    assert_string_equal(e.queue_id, "ABC");
    assert_string_equal(e.nexthop, "[mail.example.com]:25");
    assert_string_equal(e.sender, "");
    assert_string_equal(e.sasl_username, "");
    assert_string_equal(e.where.path, "journal/1/1");
    assert_int_equal(e.where.offset, 4096);
    assert_int_equal(e.flags, DELIVERY_CONN_REUSE);
    assert_int_equal(e.data_size, 350);
    assert_int_equal(e.arrival.tv_sec, 1700000000);
    assert_int_equal(e.arrival.tv_usec, 123456);
    assert_int_equal(e.handed_over.tv_sec, 0);
    assert_int_equal(e.recipient_count, 2);
    assert_string_equal(e.recipients[0].dsn_orcpt, "rfc822;a@example.com");
    assert_int_equal(e.recipients[0].dsn_notify, 6);
    assert_int_equal(e.recipients[1].offset, 400);
    assert_int_equal(e.recipients[1].outcome, OUTCOME_DEFERRED);
    arena_done(&a);
    str_done(&out);
}

/* Every prefix is malformed, and none is read beyond its end. */
static void cut_off(void **state)
{
    struct delivery d = sample(), e;
    struct str out = {0};

    (void) state;
    delivery_put(&out, &d);
    for (size_t n = 0; n < out.len; n++) {
        struct arena a = {0};
        char *copy = arena_strndup(&a, out.data, n);
        assert_false(delivery_get(&a, copy, n, &e));
        arena_done(&a);
    }
    str_done(&out);
}

static void result_and_back(void **state)
{
    struct delivery d = sample(), sent = sample();
    struct delivery_recipient results[2] = {two[0], two[1]}, into[2] = {two[0], two[1]};
    struct str out = {0};

    (void) state;
    d.recipients = results;
    sent.recipients = into;
    results[0].outcome = OUTCOME_DONE;
    results[0].is_sent = true;
    d.hop = (struct dsn){.status = "4.4.1", .reason = "connect: refused"};
    delivery_put_result(&out, &d);
    assert_true(delivery_get_result(out.data, out.len, &sent));
    assert_int_equal(into[0].outcome, OUTCOME_DONE);
    assert_true(into[0].is_sent);
    assert_int_equal(into[1].outcome, OUTCOME_DEFERRED);
    assert_string_equal(sent.hop.status, "4.4.1");
    assert_string_equal(sent.hop.reason, "connect: refused");
    assert_string_equal(sent.hop.mta_name, "");

    sent.recipient_count = 1; /* not the answer to this request */
    assert_false(delivery_get_result(out.data, out.len, &sent));
    str_done(&out);
}

static void notes(void **state)
{
    struct qmgr_note writer = {.type = QMGR_NOTE_WRITER, .slot = 7}, read;
    struct qmgr_note add = {.type = QMGR_NOTE_ADD, .seq = UINT64_MAX, .queue_id = "3ABC",
        .where = {.path = "journal/7/1", .offset = 128, .length = 1000}};
    struct str out = {0};

    (void) state;
    qmgr_notes_put(&out, &writer);
    qmgr_notes_put(&out, &add);
    const char *cursor = out.data, *end = out.data + out.len;
    assert_true(qmgr_notes_next(&cursor, end, &read));
    assert_int_equal(read.type, QMGR_NOTE_WRITER);
    assert_int_equal(read.slot, 7);
    assert_true(qmgr_notes_next(&cursor, end, &read));
    assert_int_equal(read.type, QMGR_NOTE_ADD);
    assert_true(read.seq == UINT64_MAX);
    assert_string_equal(read.queue_id, "3ABC");
    assert_string_equal(read.where.path, "journal/7/1");
    assert_false(qmgr_notes_next(&cursor, end, &read));
    str_clear(&out);

    add.queue_id = "../etc/passwd";
    qmgr_notes_put(&out, &add);
    cursor = out.data;
    assert_false(qmgr_notes_next(&cursor, out.data + out.len, &read));
    str_done(&out);
}

static void marks(void **state)
{
    struct str out = {0};
    struct qmgr_mark mark;

    (void) state;
    qmgr_notes_put_mark(&out, QMGR_MARK_RECIPIENT, 5, 300);
    qmgr_notes_put_mark(&out, QMGR_MARK_DONE, 6, 0);
    const char *cursor = out.data, *end = out.data + out.len;
    assert_true(qmgr_notes_next_mark(&cursor, end, &mark));
    assert_int_equal(mark.kind, QMGR_MARK_RECIPIENT);
    assert_int_equal(mark.seq, 5);
    assert_int_equal(mark.offset, 300);
    assert_true(qmgr_notes_next_mark(&cursor, end, &mark));
    assert_int_equal(mark.kind, QMGR_MARK_DONE);
    assert_int_equal(mark.seq, 6);
    assert_false(qmgr_notes_next_mark(&cursor, end, &mark));
    str_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(request_and_back),
        cmocka_unit_test(cut_off),
        cmocka_unit_test(result_and_back),
        cmocka_unit_test(notes),
        cmocka_unit_test(marks),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
