#include "cmd/postfix/files_list.h"

#include <stdlib.h>

#include "base/compiler.h"
#include "base/mem.h"
#include "tests/unit/test.h"

static const struct {
    const char *what, *line;
    bool ok;
    struct files_list_row want;
} cases[] = {
    {"directory",     "/q/active:d:postfix:-:700:ucr", true,  {"/q/active", 'd', "postfix", "-", 0700, "ucr"}},
    {"program",       "/s/postdrop:f:root:postdrop:2755:u", true, {"/s/postdrop", 'f', "root", "postdrop", 02755, "u"}},
    {"no flags",      "/s/postmap:f:root:-:755", true, {"/s/postmap", 'f', "root", "-", 0755, ""}},
    {"colon at end",  "/m/oqmgr.8:f:root:-:644:", true, {"/m/oqmgr.8", 'f', "root", "-", 0644, ""}},
    {"link",          "/b/mailq:l:/s/sendmail", true, {"/b/mailq", 'l', "/s/sendmail", "", 0, ""}},
    {"hard link",     "/d/lmtp:h:/d/smtp", true, {"/d/lmtp", 'h', "/d/smtp", "", 0, ""}},
    {"unknown type",  "/x:z:root:-:755", false, {0}},
    {"no type",       "/x", false, {0}},
    {"no path",       ":f:root:-:755", false, {0}},
    {"no owner",      "/x:f::-:755", false, {0}},
    {"no mode",       "/x:f:root:-", false, {0}},
    {"mode not octal", "/x:f:root:-:789", false, {0}},
    {"mode too large", "/x:f:root:-:17777", false, {0}},
};

static void takes_lines_apart(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        char *line = mem_strdup(cases[i].line);
        const struct files_list_row *want = &cases[i].want;
        struct files_list_row row;
        struct str why = {0};

        if (postfix_files_list_parse(line, &row, &why) != cases[i].ok)
            fail_msg("%s: %s", cases[i].what, str_text(&why));
        assert_int_equal(cases[i].ok, why.len == 0);
        if (cases[i].ok &&
            (strcmp(row.path, want->path) != 0 || row.type != want->type || row.mode != want->mode ||
                strcmp(row.owner, want->owner) != 0 || strcmp(row.group, want->group) != 0 ||
                strcmp(row.flags, want->flags) != 0))
            fail_msg("%s: %s %c %s %s %o %s", cases[i].what, row.path, row.type, row.owner, row.group,
                (unsigned) row.mode, row.flags);
        str_done(&why);
        mem_free(line);
    }
}

static void finds_flags(void **state)
{
    const struct files_list_row row = {.flags = "ucr"};

    (void) state;
    assert_true(postfix_files_list_has_flag(&row, 'c'));
    assert_false(postfix_files_list_has_flag(&row, 'o'));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(takes_lines_apart),
        cmocka_unit_test(finds_flags),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
