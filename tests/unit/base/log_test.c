#include "base/log.h"

#include <string.h>

#include "base/compiler.h"
#include "base/str.h"
#include "tests/unit/test.h"

static struct str got;

static void keep(void *context, const struct log_line *lines, size_t count)
{
    (void) context;
    assert_int_equal(count, 1);
    assert_int_equal(strlen(lines->text), lines->len);
    str_set(&got, lines->text);
}

/* So many letters, then the tail as often as fits in 3,000 bytes: what remains. */
static const struct {
    const char *what;
    size_t letters;
    const char *tail;
    size_t want;
    const char *end;
} cases[] = {
    {"short", 10, "", 10, "a"},
    {"as long as may be", 2000, "", 2000, "a"},
    {"too long", 2001, "", 2000, "a"},
    {"characters that fit", 1998, "\xc3\xa9", 2000, "\xc3\xa9"},
    {"a character on the edge", 1999, "\xc3\xa9", 1999, "a"},
    {"one of four bytes", 1997, "\xf0\x9f\x92\x8c", 1997, "a"},
    {"no characters", 1990, "\x80", 2000, "?"},
};

static void long_lines_are_cut(void **state)
{
    (void) state;
    log_add_sink(keep, NULL);
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct str text = {0};
        for (size_t n = 0; n < cases[i].letters; n++)
            str_addc(&text, 'a');
        while (*cases[i].tail != 0 && text.len < 3000)
            str_adds(&text, cases[i].tail);
        log_info("%s", str_text(&text));
        size_t n = strlen(cases[i].end);
        if (got.len != cases[i].want || strcmp(str_text(&got) + got.len - n, cases[i].end) != 0)
            fail_msg("%s: %zu bytes, ...%s", cases[i].what, got.len, str_text(&got) + got.len - n);
        log_warn("%s", str_text(&text)); /* the severity comes in front of that */
        assert_int_equal(got.len, cases[i].want + strlen("warning: "));
        str_done(&text);
    }
    log_remove_sinks();
    str_done(&got);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(long_lines_are_cut)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
