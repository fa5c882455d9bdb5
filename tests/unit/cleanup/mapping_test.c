/* Canonical maps and masquerading. */
#include "cleanup/mapping.h"

#include "tests/unit/cleanup/rig.h"

static int set_up(void **state)
{
    rig_set_configuration();
    conf.recipient_delimiter = "+";
    conf.propagate_unmatched_extensions = "canonical";
    conf.canonical_maps = "inline:{{one@a.example = two@a.example}, {two@a.example = Two@a.example},"
                          " {round@a.example = trip@a.example}, {trip@a.example = round@a.example},"
                          " {pair@a.example = x@a.example, y@a.example}, {@b.example = @c.example},"
                          " {to-masq@a.example = user@host.masq.example}}";
    conf.canonical_classes = "envelope_recipient, header_sender";
    conf.sender_canonical_maps = "inline:{{one@a.example = sender@a.example}}";
    conf.sender_canonical_classes = "envelope_sender";
    conf.recipient_canonical_maps = "inline:{{one@a.example = ten@a.example}, {err@a.example = x@err.example}}, regexp:{{/err.example/ }}";
    conf.recipient_canonical_classes = "header_recipient";
    conf.masquerade_domains = "!Keep.masq.example Masq.Example, top.masq.example";
    conf.masquerade_classes = "header_sender";
    conf.masquerade_exceptions = "root, inline:{{admin=x}}";
    cleanup_mapping_init();
    return capture_setup(state);
}

enum {
    FROM = MAPPING_ENVELOPE_SENDER, RCPT = MAPPING_ENVELOPE_RECIPIENT, SENDER = MAPPING_HEADER_SENDER,
    TO = MAPPING_HEADER_RECIPIENT
};

#define LATER " -- message not accepted, try again later"

static const struct {
    const char *what;
    int class;
    const char *address, *want, *log;
    int status;
} cases[] = {
    {"a map, again and again", RCPT, "one@a.example", "Two@a.example", "", 0},
    {"its own classes", FROM, "one@a.example", "sender@a.example", "", 0},
    {"and those alone", TO, "one@a.example", "ten@a.example", "", 0},
    {"the extension stays", RCPT, "one+ext@a.example", "Two+ext@a.example", "", 0},
    {"a whole domain", RCPT, "u+ext@b.example", "u+ext@c.example", "", 0},
    {"round and round", RCPT, "round@a.example", "round@a.example",
        "warning: 4ABCD: unreasonable canonical_maps map nesting for round@a.example" LATER, 0},
    {"too many", RCPT, "pair@a.example", "x@a.example", "warning: 4ABCD: multi-valued canonical_maps entry for pair@a.example", 0},
    {"no answer", TO, "err@a.example", "x@err.example",
        "warning: recipient_canonical_maps lookup of x@err.example returns an empty string result|"
        "warning: recipient_canonical_maps should return NO RESULT in case of NOT FOUND|"
        "warning: 4ABCD: recipient_canonical_maps map lookup problem for x@err.example" LATER, CLEANUP_STAT_WRITE},
    {"a subdomain is masked", SENDER, "user@a.b.masq.example", "user@masq.example", "", 0},
    {"what a map gave, too", SENDER, "to-masq@a.example", "user@masq.example", "", 0},
    {"the domain itself stays", SENDER, "user@MASQ.example", "user@MASQ.example", "", 0},
    {"the first in the list decides", SENDER, "user@x.top.masq.example", "user@masq.example", "", 0},
    {"a domain that is excepted", SENDER, "user@x.keep.masq.example", "user@x.keep.masq.example", "", 0},
    {"a user who is excepted", SENDER, "root@x.masq.example", "root@x.masq.example", "", 0},
    {"another", SENDER, "Admin@x.masq.example", "Admin@x.masq.example", "", 0},
    {"no part of a name", SENDER, "user@xmasq.example", "user@xmasq.example", "", 0},
    {"not in this class", RCPT, "user@x.masq.example", "user@x.masq.example", "", 0},
    {"no domain", SENDER, "user", "user", "", 0},
};

static void addresses_are_mapped(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct message m = {.queue_id = "4ABCD"};
        print_message("%s\n", cases[i].what);
        assert_true(cleanup_mapping_is_needed((enum mapping_class) cases[i].class));
        capture_take();
        assert_string_equal(cleanup_mapping_apply(&m, (enum mapping_class) cases[i].class, cases[i].address), cases[i].want);
        assert_string_equal(capture_take(), cases[i].log);
        assert_int_equal(m.status, cases[i].status);
        str_done(&m.reason);
        arena_done(&m.arena);
    }
}

static void nothing_is_needed_without_tables(void **state)
{
    (void) state;
    assert_false(cleanup_mapping_is_needed(MAPPING_ENVELOPE_RECIPIENT));
    assert_false(cleanup_mapping_is_needed(MAPPING_HEADER_RECIPIENT));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(nothing_is_needed_without_tables),
        cmocka_unit_test_setup(addresses_are_mapped, set_up),
    };

    return cmocka_run_group_tests(tests, NULL, capture_teardown);
}
