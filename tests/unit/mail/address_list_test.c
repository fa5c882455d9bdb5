#include "mail/address_list.h"

#include "tests/unit/test.h"

/* addresses: internal forms, each followed by '|'. formatted: as rebuilt, if not as it was. */
static const struct {
    const char *text, *addresses, *formatted;
} cases[] = {
    {"a@b", "a@b|", NULL},
    {"Foo Bar <a@b>", "a@b|", NULL},
    {"\"x, y\" <a@b>, c@d (Comment)", "a@b|c@d|", NULL},
    {"a b", "a|b|", "a, b"},
    {"a@b c@d", "a@b|c@d|", "a@b, c@d"},
    {"Foo <a@b> x", "a@b|x|", "Foo <a@b>, x"},
    {"(Foo) a@b", "a@b|", "a@b (Foo)"},
    {"a . b @ c", "a.b@c|", "a.b@c"},
    {"a (x) @ b", "a@b|", "a@b (x)"},
    {"grp: a, b ;, c", "a|b|c|", "grp: a, b;, c"},
    {"undisclosed-recipients:;", "", "undisclosed-recipients: ;"},
    {"g: \"x\" <a@b>;", "a@b|", NULL},
    {",a,", "a|", ", a, "},
    {"<@x,@y:a@b>", "@x,@y:a@b|", NULL},
    {"<a b@c>", "ab@c|", "<ab@c>"},
    {"<>", "", NULL},
    {"foo <>", "", NULL},
    {"\"\"", "|", NULL},
    {"<a", "<a|", "\"<a\""},
    {"a>", "a|", NULL},
    {"\"foo", "foo|", "foo"},
    {"(foo", "", NULL},
    {"a@[1.2.3.4", "a@[1.2.3.4]|", "a@[1.2.3.4]"},
    {"a\\ b@c", "a b@c|", "\"a b\"@c"},
    {"\"a b\".c@d", "a b.c@d|", "\"a b.c\"@d"},
    {"a@b@c", "a@b@c|", "\"a@b\"@c"},
    {"a;b", "a|b|", "a;, b"},
    {"\"a@b\" <c@d>", "c@d|", NULL},
    {"a <<b>>", "b>|", "a < <\"b>\">"},
    {"g: h: a;;", "a|", "g:h: a;;"},
    {"a@\n b", "a@b|", "a@b"},
    {"(co\n mm) a@b", "a@b|", "a@b (co  mm)"},
    {"", "", NULL},
};

static void test_cases(void **state)
{
    struct arena arena = {0};
    struct str text = {0};

    (void) state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        struct address_list *l = address_list_parse(&arena, cases[i].text, 0);

        str_clear(&text);
        for (size_t k = 0; k < address_list_count(l); k++)
            str_addf(&text, "%s|", address_list_internal(l, k));
        assert_string_equal(str_text(&text), cases[i].addresses);
        str_clear(&text);
        address_list_format(l, &text);
        assert_string_equal(str_text(&text), cases[i].formatted == NULL ? cases[i].text : cases[i].formatted);
        assert_false(address_list_is_changed(l));
    }
    str_done(&text);
    arena_done(&arena);
}

static void test_rewrite(void **state)
{
    struct arena arena = {0};
    struct str header = {0};
    struct address_list *l = address_list_parse(&arena, "Joe <joe>, \"a b\"@c (x), <>", 0);

    (void) state;
    assert_string_equal(address_list_external(l, 1), "\"a b\"@c");
    address_list_set_external(l, 1, "\"a b\"@c");
    assert_false(address_list_is_changed(l));
    address_list_set_external(l, 0, "joe@example.com");
    address_list_set_internal(l, 1, "c d@e");
    assert_true(address_list_is_changed(l));
    assert_string_equal(address_list_internal(l, 0), "joe@example.com");
    assert_string_equal(address_list_external(l, 1), "\"c d\"@e");
    str_set(&header, "To: ");
    address_list_format(l, &header);
    assert_string_equal(str_text(&header), "To: Joe <joe@example.com>, \"c d\"@e (x), <>");
    str_done(&header);
    arena_done(&arena);
}

/* 69 columns without the tab fit, 70 do not. */
static void test_folding(void **state)
{
    struct arena arena = {0};
    struct str header = {0};
    static const char list[] = "aaaaaaaaaaaaaaaaaaaa@example.com, bbbbbbbbbbbbbbbbbb@example.com, "
                               "cccccccccccccccccccc@example.com, ddddddddddddddddddddddd@example.com, e@f";

    (void) state;
    str_set(&header, "To: ");
    address_list_format(address_list_parse(&arena, list, 0), &header);
    assert_string_equal(str_text(&header),
        "To: aaaaaaaaaaaaaaaaaaaa@example.com, bbbbbbbbbbbbbbbbbb@example.com,\n"
        "\tcccccccccccccccccccc@example.com,\n\tddddddddddddddddddddddd@example.com, e@f");
    str_done(&header);
    arena_done(&arena);
}

static void test_token_limit(void **state)
{
    struct arena arena = {0};

    (void) state;
    assert_int_equal(address_list_count(address_list_parse(&arena, "a, b, c, d", 5)), 3);
    arena_done(&arena);
}

static void test_plain(void **state)
{
    struct arena arena = {0};

    (void) state;
    assert_true(address_list_is_plain(address_list_parse(&arena, "<a@b>", 0)));
    assert_false(address_list_is_plain(address_list_parse(&arena, "x <a@b>", 0)));
    assert_false(address_list_is_plain(address_list_parse(&arena, "a@b (x)", 0)));
    arena_done(&arena);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_rewrite),
        cmocka_unit_test(test_folding),
        cmocka_unit_test(test_token_limit),
        cmocka_unit_test(test_plain),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
