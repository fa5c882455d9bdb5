#include "../test.h"

#include <limits.h>

#include "ipc/attr.h"

static void numbers(void **state)
{
    static const struct {
        long value;
        const char *text;
    } cases[] = {
        {0, "0"}, {7, "7"}, {-1, "-1"}, {1234567890, "1234567890"},
        {LONG_MAX, "9223372036854775807"}, {LONG_MIN, "-9223372036854775808"},
    };

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct str out = {0};
        struct attrs list;
        attr_put_long(&out, "n", cases[i].value);
        attr_end(&out);
        const char *cursor = out.data;
        assert_true(attrs_parse(&cursor, out.data + out.len, &list));
        assert_string_equal(attrs_get(&list, "n"), cases[i].text);
        assert_true(attrs_long(&list, "n", 1) == cases[i].value);
        str_done(&out);
    }
}

static void lists(void **state)
{
    struct str out = {0};
    struct attrs list;

    (void) state;
    attr_put(&out, "a", "1");
    attr_put(&out, "b", "");
    attr_end(&out);
    attr_put(&out, "c", "3");
    attr_end(&out);
    const char *cursor = out.data, *end = out.data + out.len;
    assert_true(attrs_parse(&cursor, end, &list));
    assert_int_equal(list.count, 2);
    assert_string_equal(attrs_text(&list, "b", "default"), "");
    assert_null(attrs_get(&list, "c"));
    assert_true(attrs_parse(&cursor, end, &list));
    assert_string_equal(attrs_get(&list, "c"), "3");
    assert_false(attrs_parse(&cursor, end, &list));
    cursor = out.data;
    assert_false(attrs_parse(&cursor, out.data + 5, &list)); /* cut off */
    str_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(numbers),
        cmocka_unit_test(lists),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
