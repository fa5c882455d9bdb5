/* From a queue file to the agent, and what its answer does. */
#include "rig.h"

static void scan(void)
{
    qmgr_intake_scan(INTAKE_INCOMING);
    rig_until(rig_is_empty, NULL);
}

static void is_removed_when_delivered(void **state)
{
    struct rig_agent *a = rig_agent("private/plain", 0);

    (void) state;
    rig_file("incoming", "A0001", 1, "host.plain");
    scan();
    assert_string_equal(str_text(&a->log), "A0001 host r0@host.plain\n");
    assert_true(rig_has(&rig_log, "A0001: from=<sender@example.com>, size=17, nrcpt=1 (queue active)\n"));
    assert_true(rig_has(&rig_log, "A0001: removed\n"));
    assert_false(rig_exists("active", "A0001"));
}

static void groups_recipients_by_destination(void **state)
{
    struct rig_agent *a = rig_agent("private/group", 0);

    (void) state;
    conf.default_destination_recipient_limit = 2;
    rig_file("incoming", "A0002", 3, "host.group");
    scan();
    conf.default_destination_recipient_limit = 50;
    assert_string_equal(str_text(&a->log), "A0002 host r0@host.group r1@host.group\nA0002 host r2@host.group\n");
}

static void waits_when_deferred(void **state)
{
    struct rig_agent *a = rig_agent("private/later", 0);
    struct str path = {0};
    struct stat st;

    (void) state;
    a->outcome = OUTCOME_DEFERRED;
    rig_file("incoming", "A0003", 1, "host.later");
    scan();
    assert_true(qmgr_deferred_knows("A0003"));
    assert_int_equal(stat(queue_path(&path, "deferred", "A0003"), &st), 0);
    assert_in_range(st.st_mtime, time(NULL) + 299, time(NULL) + 302);
    str_done(&path);

    rig_run_ms(20);
    assert_int_equal(a->count, 1);
    a->outcome = OUTCOME_DONE;
    qmgr_request_trigger("FADI", 4);
    rig_run_ms(50);
    assert_int_equal(a->count, 2);
    assert_false(rig_exists("deferred", "A0003"));
    assert_int_equal(qmgr_deferred_count(), 0);
}

static void marks_what_is_done(void **state)
{
    struct rig_agent *a = rig_agent("private/half", 0);
    struct str path = {0}, why = {0};
    struct message_bytes bytes = {0};
    struct arena memory = {0};
    struct envelope e;

    (void) state;
    a->is_holding = true;
    rig_file("incoming", "A0004", 2, "h%d.half");
    qmgr_intake_scan(INTAKE_INCOMING);
    rig_until_held(a, 2);
    rig_agent_release(a, 1);
    rig_run_ms(10);
    a->outcome = OUTCOME_DEFERRED;
    rig_agent_release(a, 1);
    rig_until(rig_is_empty, NULL);
    a->is_holding = false;

    struct location where = {.path = queue_path(&path, "deferred", "A0004")};
    assert_true(message_open("A0004", &where, &bytes, &why));
    assert_true(envelope_read(&memory, bytes.bytes, bytes.n, 0, &e, NULL, &why));
    assert_int_equal(e.recipient_count, 1);
    assert_int_equal(e.done_count, 1);
    message_close(&bytes);
    arena_done(&memory);
    str_done(&path);
}

static void returns_what_bounced(void **state)
{
    struct rig_agent *a = rig_agent("private/bad", 0);

    (void) state;
    a->is_report = true;
    close(open("bounce/A0005", O_CREAT | O_WRONLY, 0600));
    rig_file("incoming", "A0005", 1, "host.bad");
    scan();
    assert_true(rig_has(&rig_asked, "bounce flush A0005\n"));
    assert_false(rig_exists("active", "A0005"));
}

static void returns_what_is_too_old(void **state)
{
    struct rig_agent *a = rig_agent("private/old", 0);

    (void) state;
    a->outcome = OUTCOME_DEFERRED;
    conf.maximal_queue_lifetime = 0;
    rig_file("incoming", "A0006", 1, "host.old");
    scan();
    conf.maximal_queue_lifetime = 5 * 86400;
    assert_true(rig_has(&rig_log, "A0006: from=<sender@example.com>, status=expired, returned to sender\n"));
    assert_true(rig_has(&rig_asked, "defer flush A0006\n"));
    assert_true(rig_has(&rig_log, "A0006: removed\n"));
}

static void drops_what_was_deleted(void **state)
{
    struct rig_agent *a = rig_agent("private/gone", 0);

    (void) state;
    conf.default_destination_concurrency_limit = 1;
    a->is_holding = true;
    rig_file("incoming", "A0007", 1, "host.gone");
    qmgr_intake_scan(INTAKE_INCOMING);
    rig_run_ms(30);
    rig_file("incoming", "A0008", 1, "host.gone");
    qmgr_intake_scan(INTAKE_INCOMING);
    rig_run_ms(30);
    conf.default_destination_concurrency_limit = 20;
    assert_int_equal(a->count, 1); /* the other waits */
    assert_true(queue_remove("active", "A0008"));
    rig_agent_release(a, 1);
    rig_until(rig_is_empty, NULL);
    assert_int_equal(a->count, 1);
    assert_false(rig_has(&rig_log, "A0008: removed"));
}

static void saves_what_is_corrupt(void **state)
{
    (void) state;
    int fd = queue_open("incoming", "A0009", O_CREAT | O_WRONLY, 0700);
    assert_int_equal(write(fd, "garbage", 7), 7);
    fchmod(fd, 0700);
    close(fd);
    scan();
    assert_true(rig_exists("corrupt", "A0009"));
    assert_true(rig_has(&rig_log, "saving corrupt file \"A0009\" from queue \"active\" to queue \"corrupt\""));
}

/* The agent dies: the transport rests, its mail gets a reason, nothing is lost. */
static void survives_an_agent(void **state)
{
    struct rig_agent *a = rig_agent("private/frail", 0);

    (void) state;
    str_clear(&rig_retry->log);
    a->is_holding = true;
    rig_file("incoming", "A0010", 1, "host.frail");
    rig_file("incoming", "A0011", 1, "host2.frail");
    qmgr_intake_scan(INTAKE_INCOMING);
    rig_until_held(a, 2);
    rig_agent_die(a);
    rig_until(rig_is_empty, NULL);
    assert_true(rig_has(&rig_log, "transport frail failure -- see a previous warning/fatal/panic logfile record"));
    assert_true(rig_has(&rig_retry->log,
        "A0010 4.3.0 unknown mail transport error r0@host.frail\n"));
    assert_true(rig_exists("deferred", "A0010"));
    assert_true(rig_exists("deferred", "A0011"));

    a->is_holding = false;
    qmgr_request_trigger("FAD", 3);
    rig_run_ms(50);
    assert_int_equal(a->count, 4);
    assert_false(rig_exists("deferred", "A0010"));
}

static void defers_for_a_missing_transport(void **state)
{
    (void) state;
    str_clear(&rig_retry->log);
    rig_file("incoming", "A0012", 1, "host.missing");
    scan();
    assert_true(rig_has(&rig_log, "connect to transport private/missing: No such file or directory"));
    assert_true(rig_has(&rig_retry->log,
        "A0012 4.3.0 mail transport unavailable r0@host.missing\n"));
    assert_true(rig_exists("deferred", "A0012"));
}

/* One process, one delivery: more connections are opened as long as the service takes them. */
static void opens_more_connections(void **state)
{
    struct rig_agent *a = rig_agent("private/single", 1);

    (void) state;
    a->is_holding = true;
    rig_file("incoming", "A0013", 4, "h%d.single");
    qmgr_intake_scan(INTAKE_INCOMING);
    rig_until_held(a, 4);
    assert_int_equal(a->service.connection_count, 4);
    rig_agent_release(a, 4);
    rig_until(rig_is_empty, NULL);
}

static void reads_many_recipients_in_parts(void **state)
{
    struct rig_agent *a = rig_agent("private/many", 0);

    (void) state;
    conf.qmgr_message_recipient_limit = 100;
    rig_file("incoming", "A0014", 3000, "host.many");
    scan();
    conf.qmgr_message_recipient_limit = 20000;
    assert_true(rig_has(&rig_log, "A0014: from=<sender@example.com>, size=17, nrcpt=3000 (queue active)"));
    assert_in_range(a->count, 60, 70);
    assert_true(rig_has(&a->log, " r2999@host.many"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(is_removed_when_delivered),
        cmocka_unit_test(groups_recipients_by_destination),
        cmocka_unit_test(waits_when_deferred),
        cmocka_unit_test(marks_what_is_done),
        cmocka_unit_test(returns_what_bounced),
        cmocka_unit_test(returns_what_is_too_old),
        cmocka_unit_test(drops_what_was_deleted),
        cmocka_unit_test(saves_what_is_corrupt),
        cmocka_unit_test(survives_an_agent),
        cmocka_unit_test(defers_for_a_missing_transport),
        cmocka_unit_test(opens_more_connections),
        cmocka_unit_test(reads_many_recipients_in_parts),
    };

    return cmocka_run_group_tests(tests, rig_begin, rig_end);
}
