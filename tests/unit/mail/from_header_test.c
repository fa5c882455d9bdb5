#include "mail/from_header.h"

#include "config/config.h"
#include "tests/unit/test.h"

#define UMLAUTS "\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc\xc3\xa4\xc3\xb6\xc3\xbc"
static const struct {
    const char *what, *name, *standard, *obsolete;
} cases[] = {
    {"no name", "", "a@b", "a@b"},
    {"plain", "A Person", "A Person <a@b>", "a@b (A Person)"},
    {"blanks", "A   Person ", "A Person <a@b>", "a@b (A   Person )"},
    {"specials", "A. \"B\" (c) \\", "\"A. \\\"B\\\" (c) \\\\\" <a@b>", "a@b (A. \"B\" \\(c\\) \\\\)"},
    {"a header of its own", "A\nBcc: c@d", "\"A Bcc: c@d\" <a@b>", "a@b (A Bcc: c@d)"},
    {"beyond ASCII", "J\xc3\xb6rg M.", "=?utf-8?Q?J=C3=B6rg_M=2E?= <a@b>", "a@b (=?utf-8?Q?J=C3=B6rg_M=2E?=)"},
    {"not UTF-8", "J\xf6rg", "=?utf-8?Q?J=F6rg?= <a@b>", "a@b (=?utf-8?Q?J=F6rg?=)"},
    {"two words of at most 75", UMLAUTS,
        "=?utf-8?Q?=C3=A4=C3=B6=C3=BC=C3=A4=C3=B6=C3=BC=C3=A4=C3=B6=C3=BC=C3=A4?=\n =?utf-8?Q?=C3=B6=C3=BC?= <a@b>",
        "a@b (=?utf-8?Q?=C3=A4=C3=B6=C3=BC=C3=A4=C3=B6=C3=BC=C3=A4=C3=B6=C3=BC=C3=A4?=\n =?utf-8?Q?=C3=B6=C3=BC?=)"},
};

static void check(const char *format, const char *what, const char *name, const char *want)
{
    struct str got = {0};

    conf.header_from_format = format;
    from_header_add(&got, name, "a@b");
    if (strcmp(str_text(&got), want) != 0)
        fail_msg("%s (%s): %s", what, format, str_text(&got));
    str_done(&got);
}

static void writes_headers(void **state)
{
    (void) state;
    conf.full_name_encoding_charset = "utf-8";
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        check("standard", cases[i].what, cases[i].name, cases[i].standard);
        check("obsolete", cases[i].what, cases[i].name, cases[i].obsolete);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(writes_headers)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
