#include "mail/header.h"

#include <string.h>

#include "tests/unit/test.h"

static void test_find(void **state)
{
    (void) state;
    for (int id = HEADER_OTHER + 1; id < HEADER_ID_COUNT; id++) {
        const struct header_info *info = header_by_id((enum header_id) id);

        assert_int_equal(info->id, id);
        assert_ptr_equal(header_find(info->name, strlen(info->name)), info);
    }
    assert_int_equal(header_find("MESSAGE-ID: x", 10)->id, HEADER_MESSAGE_ID);
    assert_true(header_find("bcc", 3)->flags & HEADER_DROP_DEFAULT);
    assert_null(header_find("X-Mailer", 8));
    assert_null(header_find("", 0));
    assert_null(header_by_id(HEADER_OTHER));
}

static const struct {
    const char *line;
    size_t name_len;
} lines[] = {
    {"a:", 1},
    {"Subject: x", 7},
    {"a :", 1},
    {"a \t: x", 1},
    {"(a):", 3},
    {"a b: x", 0},
    {": x", 0},
    {" a: x", 0},
    {"a", 0},
    {"", 0},
    {"From me", 0},
    {"a\x80:", 0},
    {"a\r:", 0},
};

static void test_name_len(void **state)
{
    (void) state;
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++)
        assert_int_equal(header_name_len(lines[i].line, strlen(lines[i].line)), lines[i].name_len);
}

static void test_value(void **state)
{
    (void) state;
    assert_string_equal(header_value("To:  \n a@b"), "a@b");
    assert_string_equal(header_value("To:"), "");
    assert_string_equal(header_value("To"), "");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_find),
        cmocka_unit_test(test_name_len),
        cmocka_unit_test(test_value),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
