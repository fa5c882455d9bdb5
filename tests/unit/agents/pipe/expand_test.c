#include "agents/pipe/expand.h"

#include <string.h>

#include "base/str.h"
#include "config/config.h"
#include "tests/unit/test.h"

static struct delivery_recipient recipients[] = {
    {.address = "User+Ext@Example.COM", .original = "alias+Ext@Example.COM"},
    {.address = "b c@example.com", .original = ""},
    {.address = "local", .original = "local"},
};

static const struct test_case {
    const char *what, *argument, *flags; /* h u q, and n for the null sender */
    size_t recipient_count;
    const char *want;                    /* NULL: refused */
} cases[] = {
    {"no macro", "-f", "", 1, "[-f]"},
    {"empty", "", "", 1, "[]"},
    {"dollar", "a$$b", "", 1, "[a$b]"},
    {"three forms", "$sender,${sender},$(sender)", "", 1, "[s x@y.z,s x@y.z,s x@y.z]"},
    {"ends at what is no name", "$sender.x", "", 1, "[s x@y.z.x]"},
    {"quoted sender", "$sender", "q", 1, "[\"s x\"@y.z]"},
    {"null sender", "$sender", "qn", 1, "[MAILER-DAEMON]"},
    {"once for each", "r=$recipient", "", 3, "[r=User+Ext@Example.COM][r=b c@example.com][r=local]"},
    {"two in one", "$user/$extension", "", 3, "[User/Ext][b c/][local/]"},
    {"one for all", "$nexthop", "", 3, "[Next.Hop]"},
    {"mixed", "$nexthop-$user", "", 2, "[Next.Hop-User][Next.Hop-b c]"},
    {"folded host", "$recipient $nexthop $domain", "h", 1, "[User+Ext@example.com next.hop example.com]"},
    {"folded user", "$recipient $mailbox $user", "u", 1, "[user+ext@Example.COM user+ext user]"},
    {"quoted recipient", "$recipient", "q", 2, "[User+Ext@Example.COM][\"b c\"@example.com]"},
    {"parts are never quoted", "$mailbox", "q", 2, "[User+Ext][b c]"},
    {"original", "$original_recipient", "", 2, "[alias+Ext@Example.COM][]"},
    {"no domain", "$domain", "", 3, "[Example.COM][example.com][]"},
    {"numbers and names", "$size $queue_id $client_address $sasl_username", "", 1, "[1234 QID 192.0.2.1 ]"},
    {"what is expanded is not read again", "$client_helo", "", 1, "[$(sender) `id`]"},
    {"unknown", "a$nosuch", "", 1, NULL},
    {"conditional", "${sender?x}", "", 1, NULL},
    {"nested", "${{sender}}", "", 1, NULL},
    {"blank", "${sender }", "", 1, NULL},
    {"nothing", "a$", "", 1, NULL},
    {"no name", "$.x", "", 1, NULL},
    {"empty braces", "${}", "", 1, NULL},
    {"cut off", "${sender", "", 1, NULL},
    {"wrong bracket", "${sender)", "", 1, NULL},
};

static void arguments(void **state)
{
    struct delivery d = {.sender = "s x@y.z",
        .nexthop = "Next.Hop",
        .queue_id = "QID",
        .data_size = 1234,
        .client_address = "192.0.2.1",
        .client_helo = "$(sender) `id`",
        .sasl_username = "",
        .recipients = recipients};

    (void) state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        const struct test_case *t = &cases[i];
        const char *argv[] = {t->argument, NULL};
        struct attributes a = {.argv = argv,
            .null_sender = "MAILER-DAEMON",
            .folds_host = strchr(t->flags, 'h') != NULL,
            .folds_user = strchr(t->flags, 'u') != NULL,
            .quotes = strchr(t->flags, 'q') != NULL};
        struct arena memory = {0};
        struct vec got = {0};
        struct str text = {0};
        d.recipient_count = t->recipient_count;
        d.sender = strchr(t->flags, 'n') != NULL ? "" : "s x@y.z";
        bool ok = pipe_expand(&memory, &a, &d, "service", &got);
        for (size_t k = 0; k < got.count && got.items[k] != NULL; k++)
            str_addf(&text, "[%s]", (char *) got.items[k]);
        if (ok != (t->want != NULL) || (ok && strcmp(str_text(&text), t->want) != 0))
            fail_msg("%s: %s %s", t->what, ok ? "got" : "refused after", str_text(&text));
        str_done(&text);
        vec_done(&got, NULL);
        arena_done(&memory);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(arguments)};

    conf.recipient_delimiter = "+";
    conf.double_bounce_sender = "double-bounce";
    return cmocka_run_group_tests(tests, NULL, NULL);
}
