#include "agents/local/expand.h"

#include "config/config.h"
#include "tests/unit/test.h"

static struct arena memory;

static struct target target_of(struct job *job, const char *extension)
{
    *job = (struct job){.memory = &memory};
    return (struct target){.job = job, .address = "Ann+E@host.example", .local = extension == NULL ? "ann" : "ann+e",
        .user = "ann", .domain = "host.example", .extension = extension,
        .rights = {.uid = 1000, .home = "/home/a nn", .shell = "/bin/sh"}};
}

static const struct {
    const char *text, *extension, *filter, *want;
    enum expand_result result;
    bool uses_extension;
} cases[] = {
    {"$user@$domain", "e", NULL, "ann@host.example", EXPAND_OK, false},
    {"$home/.forward", NULL, NULL, "/home/a nn/.forward", EXPAND_OK, false},
    {"$home/.forward", NULL, "/.abcdefghijklmnopqrstuvwxyz", "/home/a_nn/.forward", EXPAND_OK, false},
    {"a b/$user", NULL, "abc", "a b/a__", EXPAND_OK, false},
    {"$local$recipient_delimiter$extension", "e", NULL, "ann+e+e", EXPAND_OK, true},
    {"$home${recipient_delimiter}${extension}", NULL, NULL, "/home/a nn+", EXPAND_UNDEFINED, false},
    {"x${extension?{-$extension}:{none}}", NULL, NULL, "xnone", EXPAND_OK, false},
    {"x${extension?-$extension}", "e", NULL, "x-e", EXPAND_OK, true},
    {"$recipient $shell", "e", NULL, "Ann+E@host.example /bin/sh", EXPAND_OK, false},
    {"$mydomain", "e", NULL, "", EXPAND_UNDEFINED, false},
    {"${user", "e", NULL, "", EXPAND_ERROR, false},
};

static void test_expansions(void **state)
{
    (void) state;
    conf.recipient_delimiter = "+-";
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct job job;
        struct target t = target_of(&job, cases[i].extension);
        struct str out = {0};
        bool uses_extension = false;
        enum expand_result result = local_expand(&t, cases[i].text, cases[i].filter, &uses_extension, &out);
        if (result != cases[i].result || uses_extension != cases[i].uses_extension ||
            strcmp(str_text(&out), cases[i].want) != 0)
            fail_msg("%s: %d %s", cases[i].text, (int) result, str_text(&out));
        str_done(&out);
    }
    arena_done(&memory);
}

static void test_repeated(void **state)
{
    struct job job;
    struct target t = target_of(&job, NULL);

    (void) state;
    conf.duplicate_filter_limit = 2;
    assert_false(local_target_is_repeated(&t, "file %d %s", 1, "/X"));
    assert_true(local_target_is_repeated(&t, "file %d %s", 1, "/x"));
    assert_false(local_target_is_expanded(&t, "include %s", "/y")); /* the limit is not for these */
    assert_true(local_target_is_expanded(&t, "include %s", "/Y"));
    assert_false(local_target_is_repeated(&t, "file %d %s", 2, "/x"));
    assert_false(local_target_is_known(&t, "command %s", "y"));
    assert_false(local_target_is_repeated(&t, "command %s", "y")); /* no more are remembered */
    assert_false(local_target_is_repeated(&t, "command %s", "y"));
    hash_done(&job.seen, NULL);
    arena_done(&memory);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_expansions), cmocka_unit_test(test_repeated)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
