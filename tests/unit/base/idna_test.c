#include "base/idna.h"

#include "tests/unit/test.h"

static const struct {
    const char *domain, *ascii, *utf8; /* NULL: not a name */
} cases[] = {
    {"example.com", "example.com", "example.com"},
    {"EXAMPLE.com", "example.com", "example.com"},
    {"a_b.example", "a_b.example", "a_b.example"},
#ifdef WITH_ICU
    {"b\xc3\xbc"
     "cher.example",
        "xn--bcher-kva.example",
        "b\xc3\xbc"
        "cher.example"},
    {"xn--bcher-kva.example", "xn--bcher-kva.example",
        "b\xc3\xbc"
        "cher.example"},
    {"stra\xc3\x9f"
     "e.de",
        "xn--strae-oqa.de",
        "stra\xc3\x9f"
        "e.de"},
    {"-a.example", NULL, NULL},
    {"xn--a.example", NULL, NULL},
#endif
    {"a..b", NULL, NULL},
    {"a.", NULL, NULL},
    {"1.2.3.4", NULL, NULL},
    {"[1.2.3.4]", NULL, NULL},
    {"a b.de", NULL, NULL},
    {"", NULL, NULL},
    {"\xff.com", NULL, NULL},
};

static void test_cases(void **state)
{
    struct str out = {0};

    (void) state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        assert_int_equal(idna_to_ascii(cases[i].domain, &out), cases[i].ascii != NULL);
        assert_string_equal(str_text(&out), cases[i].ascii == NULL ? "" : cases[i].ascii);
        assert_int_equal(idna_to_utf8(cases[i].domain, &out), cases[i].utf8 != NULL);
        assert_string_equal(str_text(&out), cases[i].utf8 == NULL ? "" : cases[i].utf8);
    }
    str_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
