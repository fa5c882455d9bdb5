/* Limits and turns: windows, dead sites, rates, and large mailings beside small mail. */
#include "rig.h"

static struct dsn down = {.status = "4.4.1", .action = "", .reason = "connect to host: Connection refused",
    .diag_type = "", .diag_text = "", .mta_type = "", .mta_name = ""};

static void put_files(const char *prefix, int count, const char *domain)
{
    char id[32];

    for (int i = 0; i < count; i++) {
        snprintf(id, sizeof(id), "%s%03d", prefix, i);
        rig_file("incoming", id, 1, domain);
    }
    qmgr_intake_scan(INTAKE_INCOMING);
}

/* Five at first, one more with each success, twenty at most. */
static void window_grows(void **state)
{
    struct rig_agent *a = rig_agent("private/grow", 0);

    (void) state;
    a->is_holding = true;
    put_files("B1", 60, "host.grow");
    rig_run_ms(50);
    assert_int_equal(a->busy, 5);
    rig_agent_release(a, 1);
    rig_run_ms(10);
    assert_int_equal(a->busy, 6);
    rig_agent_release(a, 6);
    rig_run_ms(10);
    assert_int_equal(a->busy, 9); /* 7, 8, 9: then there were three under way, and five more are the most */
    a->is_holding = false;
    rig_agent_release(a, 9);
    rig_until(rig_is_empty, NULL);
    assert_int_equal(a->count, 60);
}

static void window_has_a_limit(void **state)
{
    struct rig_agent *a = rig_agent("private/narrow", 0);

    (void) state;
    conf.default_destination_concurrency_limit = 3;
    a->is_holding = true;
    put_files("B2", 10, "host.narrow");
    rig_run_ms(30);
    conf.default_destination_concurrency_limit = 20;
    assert_int_equal(a->busy, 3);
    rig_agent_release(a, 3);
    rig_run_ms(10);
    assert_int_equal(a->busy, 3);
    a->is_holding = false;
    rig_agent_release(a, 3);
    rig_until(rig_is_empty, NULL);
    assert_int_equal(a->most_busy, 3);
}

/* Each destination has a window of its own. */
static void one_site_does_not_block_another(void **state)
{
    struct rig_agent *a = rig_agent("private/apart", 0);

    (void) state;
    a->is_holding = true;
    put_files("B3", 20, "slow.apart");
    rig_run_ms(30);
    put_files("B4", 1, "quick.apart");
    rig_run_ms(30);
    assert_int_equal(a->busy, 6);
    assert_true(rig_has(&a->log, "B4000 quick"));
    a->is_holding = false;
    rig_agent_release(a, 6);
    rig_until(rig_is_empty, NULL);
}

/* When a cohort fails, the site rests and what waits is told why; a flush tries it again. */
static void dead_site_and_recovery(void **state)
{
    struct rig_agent *a = rig_agent("private/dying", 0);

    (void) state;
    str_clear(&rig_retry->log);
    a->outcome = OUTCOME_DEFERRED;
    a->hop = down;
    put_files("B5", 20, "host.dying");
    rig_until(rig_is_empty, NULL);
    assert_int_equal(a->count, 5); /* the first cohort, no more */
    assert_int_equal(rig_retry->count, 15);
    assert_int_equal(qmgr_deferred_count(), 20);
    rig_run_ms(20);
    a->outcome = OUTCOME_DONE;
    a->hop.status = NULL;
    qmgr_request_trigger("FAD", 3);
    rig_run_ms(100);
    assert_int_equal(a->count, 25);
    assert_int_equal(qmgr_deferred_count(), 0);
}

static void new_mail_for_a_dead_site(void **state)
{
    struct rig_agent *a = rig_agent("private/dead", 0);

    (void) state;
    a->outcome = OUTCOME_DEFERRED;
    a->hop = down;
    put_files("B9", 5, "host.dead");
    rig_until(rig_is_empty, NULL);
    str_clear(&rig_retry->log);
    put_files("B6", 1, "host.dead");
    rig_until(rig_is_empty, NULL);
    assert_string_equal(str_text(&rig_retry->log),
        "B6000 4.4.1 delivery temporarily suspended: connect to host: Connection refused r0@host.dead\n");
}

static void rate_delay(void **state)
{
    struct rig_agent *a = rig_agent("private/timed", 0);

    (void) state;
    conf.default_destination_rate_delay = 1;
    put_files("B7", 3, "host.timed");
    rig_run_ms(500);
    conf.default_destination_rate_delay = 0;
    assert_int_equal(a->count, 1);
    rig_run_ms(700);
    assert_int_equal(a->count, 2);
    rig_until(rig_is_empty, NULL);
    assert_int_equal(a->most_busy, 1);
}

static void transport_rate_delay(void **state)
{
    struct rig_agent *a = rig_agent("private/paced", 0);

    (void) state;
    conf.default_transport_rate_delay = 1;
    rig_file("incoming", "B8000", 3, "h%d.paced");
    qmgr_intake_scan(INTAKE_INCOMING);
    rig_run_ms(500);
    conf.default_transport_rate_delay = 0;
    assert_int_equal(a->count, 1);
    rig_run_ms(1000);
    assert_int_equal(a->count, 2);
    rig_until(rig_is_empty, NULL);
    assert_int_equal(a->count, 3);
}

/* The position in the agent's log at which a message was handed over. */
static unsigned position(const struct rig_agent *a, const char *id)
{
    const char *at = strstr(str_text(&a->log), id);
    unsigned n = 0;

    assert_non_null(at);
    for (const char *p = str_text(&a->log); p < at; p++)
        n += *p == '\n';
    return n;
}

struct progress {
    struct rig_agent *agent;
    unsigned count;
};

static bool has_delivered(void *arg)
{
    const struct progress *p = arg;

    return p->agent->count >= p->count;
}

/* A mailing of 5000 deliveries to one site; single messages come while it runs. */
static void mailing_does_not_delay_small_mail(void **state)
{
    struct rig_agent *a = rig_agent("private/mailing", 0);
    struct progress begun = {.agent = a, .count = 200};

    (void) state;
    conf.default_destination_recipient_limit = 2;
    rig_file("incoming", "C0000", 10000, "host.mailing");
    qmgr_intake_scan(INTAKE_INCOMING);
    rig_until(has_delivered, &begun);
    unsigned before = a->count;
    put_files("C1", 30, "host.mailing");
    rig_until(rig_is_empty, NULL);
    conf.default_destination_recipient_limit = 50;
    assert_int_equal(a->count, 5030);
    assert_in_range(position(a, "C1000"), before, before + 100);
    assert_in_range(position(a, "C1029"), before, before + 200);
}

/* The same where not the site but the number of processes is the limit: a mailing to 3000 sites. */
static void mailing_to_many_sites(void **state)
{
    struct rig_agent *a = rig_agent("private/wide", 4);
    struct progress begun = {.agent = a, .count = 100};

    (void) state;
    rig_file("incoming", "C2000", 3000, "h%d.wide");
    qmgr_intake_scan(INTAKE_INCOMING);
    rig_until(has_delivered, &begun);
    unsigned before = a->count;
    put_files("C3", 20, "single.wide");
    rig_until(rig_is_empty, NULL);
    assert_int_equal(a->count, 3020);
    assert_in_range(position(a, "C3019"), before, before + 300);
}

/* Two mailings share the site. */
static void mailings_take_turns(void **state)
{
    struct rig_agent *a = rig_agent("private/both", 0);

    (void) state;
    conf.default_destination_recipient_limit = 2;
    conf.default_destination_concurrency_limit = 2;
    rig_file("incoming", "C4000", 1000, "host.both");
    rig_file("incoming", "C5000", 200, "host.both");
    qmgr_intake_scan(INTAKE_INCOMING);
    rig_until(rig_is_empty, NULL);
    conf.default_destination_recipient_limit = 50;
    conf.default_destination_concurrency_limit = 20;
    const char *last = NULL;
    for (const char *p = str_text(&a->log); (p = strstr(p, "C5000")) != NULL; p++)
        last = p;
    assert_non_null(last);
    assert_non_null(strstr(last, "C4000")); /* the small one of the two ends first */
}

/* local: each recipient has a path of its own, and one delivery each. */
static void recipients_have_paths(void **state)
{
    struct rig_agent *a = rig_agent("private/boxes", 0);

    (void) state;
    conf.default_destination_recipient_limit = 1;
    conf.default_destination_concurrency_limit = 2;
    a->is_holding = true;
    rig_file("incoming", "C6000", 3, "host.boxes");
    put_files("C7", 4, "host.boxes");
    rig_run_ms(40);
    conf.default_destination_recipient_limit = 50;
    conf.default_destination_concurrency_limit = 20;
    assert_int_equal(a->busy, 4); /* two for r0, one each for r1 and r2 */
    a->is_holding = false;
    rig_agent_release(a, 4);
    rig_until(rig_is_empty, NULL);
    assert_int_equal(a->count, 7);
}

static void defer_transports(void **state)
{
    (void) state;
    conf.defer_transports = "other, parked";
    str_clear(&rig_retry->log);
    put_files("C8", 1, "host.parked");
    rig_until(rig_is_empty, NULL);
    conf.defer_transports = "";
    assert_string_equal(str_text(&rig_retry->log), "C8000 4.3.2 deferred transport r0@host.parked\n");
}

static void active_limit(void **state)
{
    struct rig_agent *a = rig_agent("private/bounded", 0);

    (void) state;
    conf.qmgr_message_active_limit = 10;
    a->is_holding = true;
    put_files("D0", 30, "host.bounded");
    rig_run_ms(40);
    assert_int_equal(qmgr_message_active_count(), 10);
    a->is_holding = false;
    rig_agent_release(a, 10);
    rig_until(rig_is_empty, NULL);
    conf.qmgr_message_active_limit = 20000;
    assert_int_equal(a->count, 30);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(window_grows),
        cmocka_unit_test(window_has_a_limit),
        cmocka_unit_test(one_site_does_not_block_another),
        cmocka_unit_test(dead_site_and_recovery),
        cmocka_unit_test(new_mail_for_a_dead_site),
        cmocka_unit_test(rate_delay),
        cmocka_unit_test(transport_rate_delay),
        cmocka_unit_test(mailing_does_not_delay_small_mail),
        cmocka_unit_test(mailing_to_many_sites),
        cmocka_unit_test(mailings_take_turns),
        cmocka_unit_test(recipients_have_paths),
        cmocka_unit_test(defer_transports),
        cmocka_unit_test(active_limit),
    };

    return cmocka_run_group_tests(tests, rig_begin, rig_end);
}
