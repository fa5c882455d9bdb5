#include "agents/local/destination.h"

#include <string.h>

#include "tests/unit/test.h"

static const struct {
    const char *text, *want; /* "kind:text" ..., a blank between; kinds: a f h c i */
} cases[] = {
    {"ann", "a:ann"},
    {"ann, bob@x.example", "a:ann a:bob@x.example"},
    {"ann bob", "a:ann a:bob"},
    {"Ann A. <ann@x>, (not) bob", "a:ann@x a:bob"},
    {"\\ann", "a:ann"},
    {"/var/mail/ann", "f:/var/mail/ann"},
    {"/dir/", "f:/dir/"},
    {"\"/with blank\"", "f:/with blank"},
    {"\"|exit 1\"", "c:exit 1"},
    {"|/bin/true", "c:/bin/true"},
    {"|\"exit 1\", ann", "c:exit 1 a:ann"},
    {"| \"a b\" c", "c:a b a:c"},
    {"ann|bob", "a:ann|bob"},
    {"~/mbox, \"~/a b\"", "h:~/mbox h:~/a b"},
    {"|/bin/true -x", "c:/bin/true a:-x"},
    {"\"|IFS=' ' && exec p -f- || exit 75 #u\"", "c:IFS=' ' && exec p -f- || exit 75 #u"},
    {":include:/list", "i:/list"},
    {":INCLUDE:/list, ann", "i:/list a:ann"},
    {":include:\"/a b\"", "i:/a b"},
    {":include:/a:b", "i:/a:b"},
    {"group: ann, bob;", "a:ann a:bob"},
    {"", ""},
    {"(only a comment)", ""},
    {",,", ""},
};

static void describe(const char *text, struct str *out)
{
    static const char letters[] = {[DESTINATION_ADDRESS] = 'a', [DESTINATION_FILE] = 'f', [DESTINATION_HOME] = 'h', [DESTINATION_COMMAND] = 'c',
        [DESTINATION_INCLUDE] = 'i'};
    struct arena memory = {0};
    size_t n;
    const struct destination *list = local_destination_parse(&memory, text, &n);

    for (size_t i = 0; i < n; i++)
        str_addf(out, "%s%c:%s", i > 0 ? " " : "", letters[list[i].kind], list[i].text);
    arena_done(&memory);
}

static void test_lists(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct str found = {0};
        describe(cases[i].text, &found);
        if (strcmp(str_text(&found), cases[i].want) != 0)
            fail_msg("%s: %s", cases[i].text, str_text(&found));
        str_done(&found);
    }
}

static void test_lines(void **state)
{
    static char text[] = "# it\none\n\n#x\n two\n0123456789abc\nlast";
    static const char *const want[] = {"one\n", "\n", " two\n", "01234567", "89abc\n", "last"};
    FILE *file = fmemopen(text, strlen(text), "r");
    struct str line = {0};

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(want); i++) {
        assert_true(local_destination_read(file, 8, &line));
        assert_string_equal(str_text(&line), want[i]);
    }
    assert_false(local_destination_read(file, 8, &line));
    fclose(file);
    str_done(&line);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_lists), cmocka_unit_test(test_lines)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
