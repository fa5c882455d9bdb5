#include "config/environment.h"

#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "tests/unit/test.h"

static const struct {
    const char *what, *list, *want;
} cases[] = {
    {"nothing", "", ""},
    {"a name that is set", "KNOWN", "[KNOWN=from outside]"},
    {"a name that is not", "NOT_SET", ""},
    {"others do not get in", "X=1", "[X=1]"},
    {"values", "A=b, C=d=e F=", "[A=b][C=d=e][F=]"},
    {"blanks in a value", "{A = b  c} D=e", "[A=b  c][D=e]"},
    {"the last one counts, in the first one's place", "A=1 B=2 A=3", "[A=3][B=2]"},
    {"a prefix is another name", "AB=1 A=2", "[AB=1][A=2]"},
    {"a value over one from outside", "KNOWN KNOWN=new", "[KNOWN=new]"},
};

static void lists(void **state)
{
    (void) state;
    setenv("KNOWN", "from outside", 1);
    unsetenv("NOT_SET");
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct arena memory = {0};
        struct vec variables = {0};
        struct str text = {0};
        environment_list(&memory, "export_environment", cases[i].list, &variables);
        for (size_t k = 0; k < variables.count; k++)
            str_addf(&text, "[%s]", (char *) variables.items[k]);
        if (strcmp(str_text(&text), cases[i].want) != 0)
            fail_msg("%s: %s", cases[i].what, str_text(&text));
        str_done(&text);
        vec_done(&variables, NULL);
        arena_done(&memory);
    }
}

int main(void)
{
    static const struct CMUnitTest tests[] = {cmocka_unit_test(lists)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
