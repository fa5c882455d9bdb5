#include "cmd/postconf/entry.h"

#include "cmd/postconf/print.h"
#include "tests/unit/test.h"

#define COLUMNS "s          unix  -       -       n       -       -       "

static const struct {
    const char *what, *arguments; /* of the entry */
    const char *name, *value;     /* value NULL: the setting is removed */
    const char *want;
} overrides[] = {
    {"the first", "x", "a", "1", "x -o a=1"},
    {"behind the options", "x -v -o b=2 y -o z=1", "a", "1", "x -v -o b=2 -o a=1 y -o z=1"},
    {"before --", "x -v -- y", "a", "1", "x -v -o a=1 -- y"},
    {"another value", "x -o a=0 -o b=2", "a", "1", "x -o a=1 -o b=2"},
    {"all of that name", "x -o a=0 -o b=2 -o a=3", "a", "1", "x -o a=1 -o b=2 -o a=1"},
    {"not a longer name", "x -o ab=0", "a", "1", "x -o ab=0 -o a=1"},
    {"nothing", "x", "a", "", "x -o a="},
    {"written together", "x -oa=0 -v", "a", "1", "x -o a=1 -v"},
    {"in braces", "x -o { a = b c }", "a", "1", "x -o a=1"},
    {"removed", "x -o a=0 -v", "a", NULL, "x -v"},
    {"removed, all", "x -o a=0 -o a=1 -o b=2 -o a=3", "a", NULL, "x -o b=2"},
    {"removed, not there", "x -o b=2", "a", NULL, "x -o b=2"},
    {"not an argument of the program", "x argv=y -o a=0", "a", NULL, "x argv=y -o a=0"},
    {"-o without its setting", "x -o", "a", "1", "x -o -o a=1"},
};

static void changes_overrides(void **state)
{
    struct arena arena = {0};
    struct str out = {0}, want = {0};

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(overrides); i++) {
        struct master_service s;
        assert_true(postconf_entry_parse(
            &arena, arena_printf(&arena, "s unix - - n - - %s", overrides[i].arguments), &s));
        if (overrides[i].value == NULL)
            postconf_entry_remove_override(&s, overrides[i].name);
        else
            postconf_entry_set_override(&arena, &s, overrides[i].name, overrides[i].value);
        str_clear(&out);
        postconf_print_service(&out, &s, false);
        str_setf(&want, COLUMNS "%s\n", overrides[i].want);
        if (strcmp(str_text(&out), str_text(&want)) != 0)
            fail_msg("%s: %s", overrides[i].what, str_text(&out));
        postconf_entry_done(&s);
    }
    str_done(&out);
    str_done(&want);
    arena_done(&arena);
}

static void changes_columns(void **state)
{
    struct arena arena = {0};
    struct str out = {0};
    struct master_service s;

    (void) state;
    assert_true(postconf_entry_parse(&arena, "s unix - - n - - x -o a=b", &s));
    postconf_entry_set_column(&arena, &s, MASTER_WAKEUP, "60?");
    postconf_entry_set_column(&arena, &s, MASTER_TYPE, "unix-dgram");
    postconf_entry_set_column(&arena, &s, MASTER_COMMAND, "y -v { c d }");
    postconf_print_service(&out, &s, false);
    assert_string_equal(str_text(&out), "s          unix-dgram -  -       n       60?     -       y -v {c d}\n");
    assert_int_equal(s.type, MASTER_UNIX_DGRAM);
    postconf_entry_done(&s);
    str_done(&out);
    arena_done(&arena);
}

static void refuses_what_is_too_short(void **state)
{
    struct arena arena = {0};
    struct master_service s;

    (void) state;
    assert_false(postconf_entry_parse(&arena, "s unix - - n - -", &s));
    assert_false(postconf_entry_parse(&arena, "s unix { - - n - - } x", &s));
    assert_int_equal(postconf_entry_column("wakeup"), MASTER_WAKEUP);
    assert_int_equal(postconf_entry_column("wake"), MASTER_COLUMNS);
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(changes_overrides),
        cmocka_unit_test(changes_columns),
        cmocka_unit_test(refuses_what_is_too_short),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
