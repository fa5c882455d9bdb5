#include "mail/fold.h"

#include "tests/unit/test.h"

static const struct {
    const char *text;
    size_t width;
    const char *want;
} cases[] = {
    {"", 10, "> \n"},
    {"short", 10, "> short\n"},
    {"exactly 10", 10, "> exactly 10\n"},
    {"one word too many", 10, "> one word\n>     too\n>     many\n"},
    {"blanks   at   breaks", 10, "> blanks  \n>     at  \n>     breaks\n"},
    {"ends in two  ", 20, "> ends in two\n"},
    {"ends in a blank ", 15, "> ends in a blank\n"},
    {"averylongwordindeed and more", 10, "> averylongwordindeed\n>     and\n>     more\n"},
};

static void lines_are_folded_at_blanks(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct str out = {0};
        fold_text(&out, "> ", cases[i].text, cases[i].width);
        if (strcmp(str_text(&out), cases[i].want) != 0)
            fail_msg("\"%s\": \"%s\"", cases[i].text, str_text(&out));
        str_done(&out);
    }
}

static void no_line_is_endless(void **state)
{
    struct str text = {0}, out = {0};

    (void) state;
    for (int i = 0; i < 1000; i++)
        str_adds(&text, "\303\244"); /* 2000 bytes */
    fold_text(&out, "", str_text(&text), 79);
    for (const char *line = str_text(&out), *end; (end = strchr(line, '\n')) != NULL; line = end + 1) {
        assert_true(end - line < 998);
        assert_int_equal((unsigned char) end[-1], 0244); /* no character is cut */
    }
    str_done(&text);
    str_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_are_folded_at_blanks), cmocka_unit_test(no_line_is_endless),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
