#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "base/compiler.h"
#include "queue/qid.h"

static const struct {
    const char *what;
    struct timeval when;
    uint64_t number;
    bool is_long;
    const char *want;
} forms[] = {
    {"short", {1700000000, 0x12345}, 0xABCDE, false, "12345ABCDE"},
    {"short, small microseconds", {1, 0xA}, 0x1, false, "0000A1"},
    {"short, the largest microseconds", {1, 999999}, 0xFF, false, "F423FFF"},
    {"long: zero everywhere", {0, 0}, 0, true, "0000000000z0"},
    {"long: one of everything", {1, 1}, 1, true, "0000010001z1"},
    {"long: carries", {52, 52}, 51, true, "0000100010z10"},
    {"long: the last digits", {51, 51}, 50, true, "00000z000zzy"},
    {"long: a time of ours", {1700000000, 999999}, 123456, true, "4SVLCh75plzvRh"},
};

static void formats(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
        char id[QID_SIZE];
        struct timeval when;
        print_message("%s\n", forms[i].what);
        qid_format(id, forms[i].when, forms[i].number, forms[i].is_long);
        assert_string_equal(id, forms[i].want);
        assert_int_equal(qid_is_long(id), forms[i].is_long);
        assert_true(qid_is_valid(id));
        assert_true(qid_time(id, &when));
        assert_int_equal(when.tv_usec, forms[i].when.tv_usec);
        assert_int_equal(when.tv_sec, forms[i].is_long ? forms[i].when.tv_sec : 0);
    }
}

static const struct {
    const char *id;
    bool is_valid, is_long, has_time;
} ids[] = {
    {"", false, false, false},
    {"A", true, false, false},
    {"12345A", true, false, true},
    {"G2345A", true, false, false},
    {"F4240A", true, false, false}, /* a million microseconds */
    {"a/b", false, false, false},
    {"../../etc", false, false, false},
    {"a_b", true, false, false},
    {"123456789z", true, false, true},   /* z too early for a long one */
    {"0123456789z", true, true, true},
    {"01234A6789z1", true, true, false}, /* a vowel */
    {"-1234A", false, false, false},
};

static void judges(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(ids); i++) {
        struct timeval when;
        print_message("\"%s\"\n", ids[i].id);
        assert_int_equal(qid_is_valid(ids[i].id), ids[i].is_valid);
        assert_int_equal(qid_is_long(ids[i].id), ids[i].is_long);
        assert_int_equal(qid_time(ids[i].id, &when), ids[i].has_time);
    }
    char longest[257];
    memset(longest, 'a', 256);
    longest[256] = 0;
    assert_false(qid_is_valid(longest));
    longest[255] = 0;
    assert_true(qid_is_valid(longest));
}

static void never_the_same_twice(void **state)
{
    char id[QID_SIZE], before[QID_SIZE] = "";
    struct timeval when, last = {0};

    (void) state;
    for (int i = 0; i < 10000; i++) {
        qid_make(id, 7, i % 2 != 0, &when);
        assert_true(when.tv_sec > last.tv_sec || (when.tv_sec == last.tv_sec && when.tv_usec > last.tv_usec));
        assert_string_not_equal(id, before);
        strcpy(before, id);
        last = when;
    }
}

static void the_number_holds_seconds_and_slot(void **state)
{
    char id[QID_SIZE], want[QID_SIZE];
    struct timeval when;

    (void) state;
    qid_make(id, 0xABC, false, &when);
    qid_format(want, when, ((uint64_t) when.tv_sec & 0xffffff) << 12 | 0xABC, false);
    assert_string_equal(id, want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(formats),
        cmocka_unit_test(judges),
        cmocka_unit_test(never_the_same_twice),
        cmocka_unit_test(the_number_holds_seconds_and_slot),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
