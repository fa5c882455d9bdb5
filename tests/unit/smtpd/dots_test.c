#include "smtpd/dots.h"

#include <string.h>

#include "base/str.h"
#include "tests/unit/test.h"

static const struct {
    const char *what, *in, *out;
    bool wants_crlf, is_bdat;
    const char *rest;   /* what is left behind the end; NULL: it did not end */
} cases[] = {
    {"a line", "a\r\n.\r\n", "a\n", true, false, ""},
    {"nothing", ".\r\n", "", true, false, ""},
    {"commands follow", "a\r\n.\r\nQUIT\r\n", "a\n", true, false, "QUIT\r\n"},
    {"dots are removed", "..a\r\n...\r\n.b\r\n.\r\n", ".a\n..\nb\n", true, false, ""},
    {"a dot within a line", "a.\r\nb.c\r\n.\r\n", "a.\nb.c\n", true, false, ""},
    {"lone line feeds", "a\nb\n\nc\r\n.\r\n", "a\nb\n\nc\n", true, false, ""},
    {"LF . LF is no end, and left out", "a\n.\nb\r\n.\r\n", "a\nb\n", true, false, ""},
    {"CRLF . LF", "a\r\n.\nb\r\n.\r\n", "a\nb\n", true, false, ""},
    {"LF . CRLF", "a\n.\r\nb\r\n.\r\n", "a\nb\n", true, false, ""},
    {"what is left out does not hide the end", "a\n.\r\n.\r\n", "a\n", true, false, ""},
    {"who may use LF", "a\n.\nQUIT", "a\n", false, false, "QUIT"},
    {"and mix", "a\n.\r\n", "a\n", false, false, ""},
    {"CR CR LF keeps one CR", "a\r\r\n.\r\n", "a\r\n", true, false, ""},
    {"dot CR CR LF", ".\r\r\n.\r\n", "\r\n", true, false, ""},
    {"CR within a line", "a\rb\r\n.\rc\r\n.\r\n", "a\rb\n\rc\n", true, false, ""},
    {"unfinished", "a\r\nb\r", "a\nb", true, false, NULL},
    {"unfinished dot", "a\r\n.", "a\n", true, false, NULL},
    {"BDAT has no dots", ".\r\n..\r\na", ".\n..\na", true, true, NULL},
};

/* Decode with the input cut in chunks of one size; cr: where a pending CR turned out to be text. */
static void decode(struct dots *d, const char *in, size_t chunk, struct str *out, const char **rest)
{
    size_t n = strlen(in), at = 0;
    char buffer[128];

    *rest = NULL;
    while (at < n && d->state != DOTS_END) {
        size_t part = n - at < chunk ? n - at : chunk, used;
        memcpy(buffer, in + at, part);
        if (smtpd_dots_is_cr_text(d, buffer, part))
            str_addc(out, '\r');
        size_t decoded = smtpd_dots_decode(d, buffer, part, &used);
        str_add(out, buffer, decoded);
        at += used;
    }
    if (d->state == DOTS_END)
        *rest = in + at;
}

static void test_every_chunk_size(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        for (size_t chunk = 1; chunk <= strlen(cases[i].in); chunk++) {
            struct dots d = {.has_dots = !cases[i].is_bdat, .wants_crlf = cases[i].wants_crlf};
            struct str out = {0};
            const char *rest;
            decode(&d, cases[i].in, chunk, &out, &rest);
            if (strcmp(str_text(&out), cases[i].out) != 0 || (rest == NULL) != (cases[i].rest == NULL) ||
                (rest != NULL && strcmp(rest, cases[i].rest) != 0))
                fail_msg("%s, in chunks of %zu: \"%s\", rest \"%s\"", cases[i].what, chunk, str_text(&out),
                    rest == NULL ? "(no end)" : rest);
            str_done(&out);
        }
}

static void test_counts(void **state)
{
    struct dots d = {.has_dots = true, .wants_crlf = true};
    struct str out = {0};
    const char *rest;

    (void) state;
    decode(&d, "a\r\nb\r\n.\r\n", 100, &out, &rest);
    assert_int_equal(d.line_count, 2);
    assert_false(d.saw_bare);
    d = (struct dots){.has_dots = true, .wants_crlf = true};
    decode(&d, "a\nb\r\n.\r\n", 100, &out, &rest);
    assert_true(d.saw_bare);
    str_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_every_chunk_size), cmocka_unit_test(test_counts)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
