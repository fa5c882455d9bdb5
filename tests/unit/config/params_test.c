#include "config/params.h"

#include "config/eval.h"
#include "config/level.h"
#include "config/values.h"
#include "tests/unit/test.h"

/* Every default can be expanded and stored: a row with a typing error would stop every program. */
static void defaults_are_good(void **state)
{
    struct main_cf none = {0};
    struct eval e = {.file = &none, .program = "test", .service_name = "", .config_dir = "/"};
    struct str why = {0};

    (void) state;
    for (size_t i = 0; i < params_count; i++) {
        union {
            const char *text;
            long number;
        } field;
        struct param p = params[i];
        if (strcmp(p.name, "virtual_mailbox_base") == 0)
            p.min = 0; /* the only one that must be set */
        const char *text = p.class == PARAM_RAW ? p.default_value : eval_get(&e, p.name);
        if (text == NULL || !values_store(&p, text, &field, &why))
            fail_msg("%s: %s%s", p.name, str_text(&e.why), str_text(&why));
    }
    eval_done(&e);
    str_done(&why);
}

static void rows_are_complete(void **state)
{
    (void) state;
    for (size_t i = 0; i < params_count; i++) {
        const struct param *p = &params[i];
        assert_ptr_equal(params_find(p->name), p); /* no name twice */
        if (strlen(p->text) < 10 || p->text[strlen(p->text) - 1] != '.')
            fail_msg("%s: \"%s\"", p->name, p->text);
        assert_true(p->max == 0 || p->min <= p->max);
    }
    assert_string_equal(params_find("2bounce_notice_recipient")->default_value, "postmaster");
    assert_null(params_find("_2bounce_notice_recipient"));
    assert_null(params_find("nothing"));
}

static const struct {
    const char *name, *program;
    bool want;
} uses[] = {
    {"smtpd_timeout", "smtpd", true},
    {"smtpd_timeout", "smtp", false}, /* a part of a name is not the name */
    {"queue_directory", "whatever", true},
    {"smtpd_banner", "postscreen", true},
    {"smtpd_banner", "smtpd", true},
    {"default_destination_concurrency_limit", "oqmgr", true},
    {"default_destination_concurrency_limit", "qmgr", true},
};

static void knows_who_uses_what(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(uses); i++)
        if (params_used_by(params_find(uses[i].name), uses[i].program) != uses[i].want)
            fail_msg("%s by %s", uses[i].name, uses[i].program);
}

static const struct {
    const char *name;
    char want;
} units[] = {
    {"smtpd_timeout", 's'},
    {"delay_warning_time", 'h'},
    {"maximal_queue_lifetime", 'd'},
    {"postscreen_dnsbl_max_ttl", 'h'},
    {"postscreen_starttls_timeout", 's'}, /* $smtpd_starttls_timeout: the last letter is no unit */
};

static void finds_units(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(units); i++)
        assert_int_equal(values_time_unit(params_find(units[i].name)), units[i].want);
}

static const struct {
    const char *a, *b;
    int want; /* 2: one of them is not a level */
} levels[] = {
    {"0", "1", -1},
    {"3.6", "3.6.0", 0},
    {"3.10", "3.9", 1},
    {"3.6.1", "3.6", 1},
    {"03.6", "3.06", 0},
    {"", "1", 2},
    {"3.", "1", 2},
    {"3.6.1.2", "1", 2},
    {"-1", "1", 2},
    {"3 .6", "1", 2},
    {"x", "1", 2},
    {"99999999999999999999", "1", 2},
};

static void compares_levels(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(levels); i++) {
        struct level a, b;
        bool ok = level_parse(levels[i].a, &a) && level_parse(levels[i].b, &b);
        int got = ok ? level_compare(&a, &b) : 2;
        if (got != levels[i].want)
            fail_msg("%s and %s: %d", levels[i].a, levels[i].b, got);
    }
}

static void depend_on_the_level(void **state)
{
    struct main_cf m = {0};
    struct eval e = {.file = &m, .program = "test", .service_name = "", .config_dir = "/"};

    (void) state;
    main_cf_set(&m, "compatibility_level", "3.6");
    assert_string_equal(eval_get(&e, "append_dot_mydomain"), "no");
    assert_string_equal(eval_get(&e, "smtpd_tls_fingerprint_digest"), "sha256");
    assert_string_equal(eval_get(&e, "smtp_tls_security_level"), "");
    eval_done(&e);
    e = (struct eval){.file = &m, .program = "test", .service_name = "", .config_dir = "/"};
    main_cf_set(&m, "compatibility_level", "0");
    main_cf_set(&m, "mydestination", "a b");
    assert_string_equal(eval_get(&e, "append_dot_mydomain"), "yes");
    assert_string_equal(eval_get(&e, "relay_domains"), "a b");
    assert_string_equal(eval_get(&e, "smtpd_relay_restrictions"), "");
    eval_done(&e);
    main_cf_done(&m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(defaults_are_good),
        cmocka_unit_test(rows_are_complete),
        cmocka_unit_test(knows_who_uses_what),
        cmocka_unit_test(finds_units),
        cmocka_unit_test(compares_levels),
        cmocka_unit_test(depend_on_the_level),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
