#include "mail/verify_sender.h"

#include <string.h>

#include "base/clock.h"
#include "config/config.h"
#include "mail/rewrite_client.h"
#include "tests/unit/test.h"

/* trivial-rewrite completes an address. */
bool rewrite_address(const char *context, const char *address, struct str *result)
{
    (void) context;
    str_setf(result, strchr(address, '@') == NULL ? "%s@or.example" : "%s", address);
    return true;
}

enum { NOW = 1795324926, HOUR = 3600 };

/* At NOW Postfix sends probes from ...JQY4 when the ttl is an hour. */
static const struct {
    const char *sender;
    int ttl;
    const char *now;
} senders[] = {
    {"double-bounce", 0, "double-bounce@or.example"},
    {"double-bounce", HOUR, "double-bounceJQY4@or.example"},
    {"probe@mta.example", HOUR, "probeJQY4@mta.example"},
    {"probe@mta.example", 24 * HOUR, "probePM9@mta.example"},
    {"<>", HOUR, ""},
    {"", 0, ""},
};

static void it_changes_with_time(void **state)
{
    struct str sender = {0};

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(senders); i++) {
        conf.address_verify_sender = senders[i].sender;
        conf.address_verify_sender_ttl = senders[i].ttl;
        verify_sender_now(&sender);
        assert_string_equal(str_text(&sender), senders[i].now);
    }
    str_done(&sender);
}

static const struct {
    const char *address;
    bool is_ours;
} addresses[] = {
    {"double-bounceJQY4@or.example", true},
    {"Double-BounceJQY4@OR.example", true},
    {"double-bounceJQY3@or.example", true},
    {"double-bounceJQY5@or.example", true},
    {"double-bounceJQY2@or.example", false},
    {"double-bounceJQY6@or.example", false},
    {"double-bounce@or.example", false},
    {"double-bounceJQY4@mta.example", false},
    {"double-bounceJQY4", false},
    {"double-bounceJQY4x@or.example", false},
    {"user@or.example", false},
    {"", false},
};

static void replies_find_it_for_a_while(void **state)
{
    struct str plain = {0};

    (void) state;
    conf.address_verify_sender = "double-bounce";
    conf.address_verify_sender_ttl = HOUR;
    for (size_t i = 0; i < ARRAY_SIZE(addresses); i++) {
        bool is_ours = verify_sender_is_ours(addresses[i].address, &plain);
        if (is_ours != addresses[i].is_ours)
            fail_msg("%s is %s", addresses[i].address, is_ours ? "taken" : "not taken");
        if (is_ours)
            assert_string_equal(str_text(&plain), "double-bounce@or.example");
    }
    conf.address_verify_sender_ttl = 0;
    assert_false(verify_sender_is_ours("double-bounceJQY4@or.example", &plain));
    str_done(&plain);
}

static int set_up(void **state)
{
    (void) state;
    clock_fake(1000, NOW);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(it_changes_with_time), cmocka_unit_test(replies_find_it_for_a_while),
    };

    return cmocka_run_group_tests(tests, set_up, NULL);
}
