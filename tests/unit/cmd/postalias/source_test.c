#include "cmd/postalias/source.h"

#include <string.h>

#include "base/log.h"
#include "tests/unit/test.h"

static struct str logged;

static void remember(void *context, const struct log_line *lines, size_t count)
{
    (void) context;
    for (size_t i = 0; i < count; i++)
        str_addf(&logged, "%s\n", lines[i].text);
}

#define W(line) "warning: al, line " line ": "
static const struct {
    const char *what, *text, *want, *warnings;
} cases[] = {
    {"plain", "a: b\n", "a=b;", ""},
    {"a list", "a: b,c ,d\n", "a=b, c, d;", ""},
    {"continued", "a: b,\n c\n# no\n\td\n", "a=b, c d;", ""},
    {"a command", "a: \"|x \\\"y\\\" z\"\n", "a=\"|x \\\"y\\\" z\";", ""},
    {"an include", "a: :include:/x y\n", "a=:include:/x y;", ""},
    {"comments stay", "a: (one) b (two)\n", "a=(one) b (two);", ""},
    {"names with phrases", "a: \"B C\" <b@c>, d\n", "a=\"B C\" <b@c>, d;", ""},
    {"a quoted name", "\"a b\": c\n\"a@b\" : c\n", "\"a b\"=c;\"a@b\"=c;", ""},
    {"quotes without need", "\"a.b\": c\n\"\": d\n", "a.b=c;", W("2") "need name:value pair\n"},
    {"a colon in quotes", "\"a:b\": c\n", "\"a:b\"=c;", ""},
    {"backslashes", "a: \\root\n", "a=root;", ""},
    {"no colon", "a b\n", "", W("1") "need name:value pair\n"},
    {"no name", ": b\n", "", W("1") "need name:value pair\n"},
    {"no value", "a:\n\nb: c\n", "b=c;", W("1") "need name:value pair\n"},
    {"a backslash alone", "a: \\\n", "", W("1") "need name:value pair\n"},
    {"a domain", "a@b: c\n", "", W("1") "name must be local\n"},
    {"not UTF-8", "a: \xff\n", "", W("1") "non-UTF-8 input \"a: ?\" -- ignoring this line\n"},
};

static void reads_aliases(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct postalias_source s = {.is_utf8 = true};
        struct str got = {0};
        const char *key, *value;

        str_clear(&logged);
        reader_open_text(&s.reader, "al", cases[i].text, strlen(cases[i].text));
        while (postalias_source_next(&s, &key, &value))
            str_addf(&got, "%s=%s;", key, value);
        if (strcmp(str_text(&got), cases[i].want) != 0 || strcmp(str_text(&logged), cases[i].warnings) != 0)
            fail_msg("%s: %s\n%s", cases[i].what, str_text(&got), str_text(&logged));
        postalias_source_done(&s);
        str_done(&got);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads_aliases)};

    log_add_sink(remember, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
