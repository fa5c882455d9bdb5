#include "../test.h"

#include <string.h>

#include "qmgr/limit.h"

static void feedback_texts(void **state)
{
    static const struct {
        const char *text;
        bool ok;
        int concurrency;
        double value;
    } cases[] = {
        {"1", true, 7, 1},
        {"0.25", true, 7, 0.25},
        {"1/8", true, 7, 0.125},
        {"1 / 8", true, 7, 0.125},
        {"1/concurrency", true, 5, 0.2},
        {"0.5/concurrency", true, 5, 0.1},
        {"1/sqrt_concurrency", true, 16, 0.25},
        {"0", true, 3, 0},
        {"2", false, 0, 0},
        {"-1", false, 0, 0},
        {"1/0", false, 0, 0},
        {"1/", false, 0, 0},
        {"1/window", false, 0, 0},
        {"one", false, 0, 0},
        {"", false, 0, 0},
        {"1 2", false, 0, 0},
    };

    (void) state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct feedback f;
        bool ok = qmgr_limit_parse_feedback(&f, cases[i].text);
        if (ok != cases[i].ok)
            fail_msg("\"%s\": %d", cases[i].text, ok);
        if (ok)
            assert_float_equal(qmgr_limit_feedback(&f, cases[i].concurrency), cases[i].value, 1e-9);
    }
}

/* A story: s a success, f a failure; then the size it leads to, 0 for dead. */
static void windows(void **state)
{
    static const struct {
        const char *what, *positive, *negative, *story;
        int initial, limit, cohorts, size;
    } cases[] = {
        {"each success one more", "1", "1", "sss", 5, 20, 1, 8},
        {"up to the limit", "1", "1", "ssssssssssssssssssssssss", 5, 20, 1, 20},
        {"no limit", "1", "1", "ssssssssssssssssssssssss", 5, 0, 1, 29},
        {"each failure one less", "1", "1", "ff", 5, 20, 1, 3},
        {"a cohort of failures is death", "1", "1", "fffff", 5, 20, 1, 0},
        {"1/5 + 1/4 + 1/3 + 1/2: dead already", "1", "1", "ffff", 5, 20, 1, 0},
        {"three of five are not", "1", "1", "fff", 5, 20, 1, 2},
        {"a success begins the cohort again", "1", "1", "fffsff", 5, 20, 1, 1},
        {"no cohort limit: never dead", "1", "1", "ffffffffff", 5, 20, 0, 1},
        {"two cohorts", "1", "1", "ffff", 5, 20, 2, 1},
        {"a tenth: nine are not enough", "1/10", "1", "sssssssss", 5, 20, 1, 5},
        {"a tenth: ten are one", "1/10", "1", "ssssssssss", 5, 20, 1, 6},
        {"1/concurrency", "1/concurrency", "1", "sssss", 5, 20, 1, 6},
        {"half failures", "1", "1/2", "fff", 5, 20, 1, 3},
        {"success and failure are added up apart", "1/2", "1/2", "sfsf", 5, 20, 1, 4},
        {"without positive feedback", "0", "1", "ssss", 5, 20, 1, 5},
    };

    (void) state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct window_rules rules = {.initial = cases[i].initial, .limit = cases[i].limit,
            .failed_cohort_limit = cases[i].cohorts};
        struct window w;
        assert_true(qmgr_limit_parse_feedback(&rules.positive, cases[i].positive));
        assert_true(qmgr_limit_parse_feedback(&rules.negative, cases[i].negative));
        qmgr_limit_window_init(&w, &rules);
        bool is_dead = false;
        for (const char *p = cases[i].story; *p != 0 && !is_dead; p++) {
            if (*p == 's')
                qmgr_limit_window_success(&w, &rules, w.size);
            else
                is_dead = qmgr_limit_window_failure(&w, &rules);
        }
        if ((is_dead ? 0 : w.size) != cases[i].size)
            fail_msg("%s: %d instead of %d", cases[i].what, is_dead ? 0 : w.size, cases[i].size);
    }
}

/* A window that is not used does not grow. */
static void idle_window(void **state)
{
    struct window_rules rules = {.initial = 5, .limit = 20, .positive = {.number = 1}};
    struct window w;

    (void) state;
    qmgr_limit_window_init(&w, &rules);
    for (int i = 0; i < 50; i++)
        qmgr_limit_window_success(&w, &rules, 2);
    assert_int_equal(w.size, 7);
    qmgr_limit_window_revive(&w, &rules, 3);
    assert_int_equal(w.size, 3);
    qmgr_limit_window_revive(&w, &rules, 0);
    assert_int_equal(w.size, 5);
}

static void rates(void **state)
{
    struct rate r = {.interval = 1000}, none = {0};

    (void) state;
    clock_fake(5000, 100);
    assert_int_equal(qmgr_limit_rate_wait(&r), 0);
    qmgr_limit_rate_spend(&r);
    assert_int_equal(qmgr_limit_rate_wait(&r), 1000);
    clock_fake(5400, 100);
    assert_int_equal(qmgr_limit_rate_wait(&r), 600);
    clock_fake(6000, 101);
    assert_int_equal(qmgr_limit_rate_wait(&r), 0);
    qmgr_limit_rate_spend(&none);
    assert_int_equal(qmgr_limit_rate_wait(&none), 0);
}

/* Who gets the next n turns, with so many small and large jobs that wait all the time. */
static void turns(void **state)
{
    static const struct {
        const char *what;
        int cost, loan, discount;
        unsigned small, large;
        const char *turns;
    } cases[] = {
        {"small alone", 5, 3, 50, 1, 0, "SSSS"},
        {"large alone", 5, 3, 50, 0, 2, "LLLL"},
        {"three on loan, half of a fourth owed, then in turn", 5, 3, 50, 1, 1, "SSSLSLSLSSLSLSLSLS"},
        {"no loan: what it costs is earned first", 2, 0, 0, 1, 1, "LSLSSLSLSS"},
        {"many small ones: one turn each and round", 50, 0, 0, 3, 1, "LSSSLSSSLSSS"},
        {"many large ones", 50, 0, 0, 1, 3, "LLLSLLLSLLLS"},
    };

    (void) state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct slot_rules rules = {.cost = cases[i].cost, .loan = cases[i].loan, .discount = cases[i].discount};
        struct turns t = {0};
        char seen[64] = "";
        for (size_t n = 0; n < strlen(cases[i].turns); n++)
            seen[n] = qmgr_limit_turn_is_small(&t, &rules, cases[i].small, cases[i].large) ? 'S' : 'L';
        if (strcmp(seen, cases[i].turns) != 0)
            fail_msg("%s: %s", cases[i].what, seen);
    }
}

static void sizes(void **state)
{
    struct slot_rules rules = {.cost = 5, .minimum = 3};

    (void) state;
    assert_false(qmgr_limit_is_large(&rules, 14));
    assert_true(qmgr_limit_is_large(&rules, 15));
    rules.cost = 1;
    assert_false(qmgr_limit_is_large(&rules, 1000));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(feedback_texts),
        cmocka_unit_test(windows),
        cmocka_unit_test(idle_window),
        cmocka_unit_test(rates),
        cmocka_unit_test(turns),
        cmocka_unit_test(sizes),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
