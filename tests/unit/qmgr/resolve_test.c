/* Where recipients go when it is not trivial-rewrite alone that decides. */
#include "rig.h"

static void deliver(const char *id, int recipients, const char *domain)
{
    rig_file("incoming", id, recipients, domain);
    qmgr_intake_scan(INTAKE_INCOMING);
    rig_until(rig_is_empty, NULL);
}

static void redirect_stands_for_all(void **state)
{
    struct rig_agent *a = rig_agent("private/away", 0), *b = rig_agent("private/plain", 0);

    (void) state;
    rig_with.redirect = "abuse@host.away";
    deliver("R001", 3, "h%d.plain");
    assert_string_equal(str_text(&a->log), "R001 host abuse@host.away\n");
    assert_int_equal(b->count, 0);
    assert_true(rig_has(&rig_log, "R001: removed\n"));
}

static void filter_takes_all(void **state)
{
    struct rig_agent *a = rig_agent("private/scan", 0);

    (void) state;
    rig_with.filter = "scan:[127.0.0.1]:10025";
    deliver("R002", 2, "h%d.plain");
    assert_string_equal(str_text(&a->log), "R002 [127.0.0.1]:10025 r0@h0.plain r1@h1.plain\n");
    str_clear(&a->log);
    rig_with.filter = "scan:"; /* the nexthop is the recipient's domain */
    deliver("R003", 1, "host.plain");
    assert_string_equal(str_text(&a->log), "R003 host.plain r0@host.plain\n");
}

static void bad_addresses_bounce(void **state)
{
    struct rig_agent *a = rig_agent("private/error", 0);

    (void) state;
    rig_with.user = "syntax";
    deliver("R004", 1, "host.plain");
    assert_string_equal(str_text(&a->log), "R004 5.1.3 bad address syntax syntax@host.plain\n");
}

static void double_bounce_ends_here(void **state)
{
    struct rig_agent *a = rig_agent("private/local", 0);

    (void) state;
    rig_with.user = "Double-Bounce";
    deliver("R005", 1, "host.local");
    assert_int_equal(a->count, 0);
    assert_true(rig_has(&rig_log, "R005: to=<Double-Bounce@host.local>, relay=none, delay="));
    assert_true(rig_has(&rig_log, "status=sent (undeliverable postmaster notification discarded)\nR005: removed\n"));
}

static void force_expired(void **state)
{
    (void) state;
    str_clear(&rig_retry->log);
    rig_file("deferred", "R006", 1, "host.plain");
    struct str path = {0};
    chmod(queue_path(&path, "deferred", "R006"), 0710);
    str_done(&path);
    qmgr_intake_flush();
    rig_run_ms(50);
    rig_until(rig_is_empty, NULL);
    assert_string_equal(str_text(&rig_retry->log), "R006 4.7.0 message is administratively expired r0@host.plain\n");
    assert_true(rig_has(&rig_log, "R006: from=<sender@example.com>, status=force-expired, returned to sender\n"));
}

static void verp_one_by_one(void **state)
{
    struct rig_agent *a = rig_agent("private/verp", 0);

    (void) state;
    rig_with.verp = "+=";
    deliver("R007", 2, "host.verp");
    assert_int_equal(a->count, 2);
    assert_string_equal(str_text(&a->sender), "sender+r1=host.verp@example.com");
}

static void one_warning(void **state)
{
    struct rig_agent *a = rig_agent("private/late", 0);
    struct str path = {0}, why = {0};
    struct message_bytes bytes;
    struct arena memory = {0};
    struct envelope e;

    (void) state;
    a->outcome = OUTCOME_DEFERRED;
    rig_with.warn_time = time(NULL) - 10;
    deliver("R008", 1, "host.late");
    assert_true(rig_has(&rig_asked, "defer warn R008\n"));
    struct location where = {.path = queue_path(&path, "deferred", "R008")};
    assert_true(message_open("R008", &where, &bytes, &why));
    assert_true(envelope_read(&memory, bytes.bytes, bytes.n, 0, &e, NULL, &why));
    assert_int_equal(e.warn_time, -1);
    message_close(&bytes);
    arena_done(&memory);
    str_done(&path);
}

#define PLAIN_AFTER(test) cmocka_unit_test_teardown(test, rig_plain)

int main(void)
{
    const struct CMUnitTest tests[] = {
        PLAIN_AFTER(redirect_stands_for_all),
        PLAIN_AFTER(filter_takes_all),
        PLAIN_AFTER(bad_addresses_bounce),
        PLAIN_AFTER(double_bounce_ends_here),
        PLAIN_AFTER(force_expired),
        PLAIN_AFTER(verp_one_by_one),
        PLAIN_AFTER(one_warning),
    };

    return cmocka_run_group_tests(tests, rig_begin, rig_end);
}
