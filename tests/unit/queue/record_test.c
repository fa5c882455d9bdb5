#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <string.h>

#include "queue/record.h"

static const size_t lengths[] = {0, 1, 127, 128, 129, 16383, 16384, 2097151, 2097152, 3000000};

static void round_trip(void **state)
{
    struct str out = {0}, text = {0};
    struct record r;
    size_t next = 0;

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
        str_clear(&text);
        memset(str_grow(&text, lengths[i]), 'a' + (int) i, lengths[i]);
        record_add(&out, REC_LINE, str_text(&text), text.len);
    }
    for (size_t i = 0; i < ARRAY_SIZE(lengths); i++) {
        size_t at = next;
        assert_int_equal(record_next(out.data, out.len, &next, &r), RECORD_OK);
        assert_int_equal(r.type, REC_LINE);
        assert_int_equal(r.len, lengths[i]);
        assert_int_equal(r.offset, at);
        if (r.len > 0)
            assert_int_equal(r.payload[r.len - 1], 'a' + (int) i);
    }
    assert_int_equal(record_next(out.data, out.len, &next, &r), RECORD_END);
    str_done(&out);
    str_done(&text);
}

static void formats(void **state)
{
    struct str out = {0};

    (void) state;
    record_addf(&out, REC_WARN, "%15d", -1);
    record_add_attr(&out, "encoding", "8bit");
    record_add_attr(&out, "empty", "");
    record_adds(&out, REC_END, "");
    assert_int_equal(out.len, 2 + 15 + 2 + 13 + 2);
    assert_memory_equal(out.data, "W\x0f             -1A\x0d" "encoding=8bitE\0", out.len);
    str_done(&out);
}

static const struct {
    const char *what;
    const char *bytes;
    size_t n;
} bad[] = {
    {"no length", "N", 1},
    {"length cut off", "N\x80", 2},
    {"length of five bytes", "N\x80\x80\x80\x80\x01", 6},
    {"payload cut off", "N\x03" "ab", 4},
    {"length beyond everything", "N\xff\xff\xff\x7f", 5},
    {"pointer nowhere", "p\x0f           9999", 17},
    {"pointer without a number", "p\x01x", 3},
    {"negative pointer", "p\x0f             -5", 17},
};

static void refuses(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct record_reader reader = {.bytes = bad[i].bytes, .n = bad[i].n};
        struct record r;
        print_message("%s\n", bad[i].what);
        assert_int_equal(record_read(&reader, &r), RECORD_BAD);
    }
}

static const struct {
    const char *bytes;
    size_t n;
    const char *why;
} explained[] = {
    {"N", 1, "unexpected EOF reading length, record type 78"},
    {"N\x80\x80", 3, "unexpected EOF reading length, record type 78"},
    {"N\xff\xff\xff\xff\xff", 6, "unexpected EOF reading length, record type 78"},
    {"N\xff\xff\xff\xff\xff\x01" "abc", 10, "too many length bits, record type 78"},
    {"N\x03" "ab", 4, "unexpected EOF in data, record type 78 length 3"},
    {"p\x03" "abc", 5, "malformed pointer record value: abc"},
    {"p\x03" "  2", 5, "too many reverse jump records"},
    {"", 0, "unexpected EOF reading length, record type 0"},
};

static void explains(void **state)
{
    struct str why = {0};

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(explained); i++) {
        record_explain(explained[i].bytes, explained[i].n, 0, &why);
        assert_string_equal(str_text(&why), explained[i].why);
    }
    str_done(&why);
}

static void follows_pointers(void **state)
{
    struct str out = {0};
    struct record r;

    (void) state;
    record_addf(&out, REC_POINTER, "%15d", 0);   /* 0: a place holder */
    record_addf(&out, REC_POINTER, "%15d", 40);  /* 17: to 40, over garbage */
    str_adds(&out, "GARBAG");
    record_adds(&out, REC_LINE, "end");          /* 40 */
    record_adds(&out, REC_PADDING, "....");
    struct record_reader reader = {.bytes = out.data, .n = out.len};
    assert_int_equal(record_read(&reader, &r), RECORD_OK);
    assert_int_equal(r.type, REC_LINE);
    assert_int_equal(r.offset, 40);
    assert_int_equal(record_read(&reader, &r), RECORD_END);
    str_done(&out);
}

static void gives_up_in_a_circle(void **state)
{
    struct str out = {0};
    struct record r;

    (void) state;
    record_adds(&out, REC_LINE, "x");
    record_adds(&out, REC_LINE, "y");
    record_addf(&out, REC_POINTER, "%15d", 3);
    struct record_reader reader = {.bytes = out.data, .n = out.len};
    enum record_result result;
    int records = 0;
    while ((result = record_read(&reader, &r)) == RECORD_OK)
        records++;
    assert_int_equal(result, RECORD_BAD);
    assert_int_equal(records, 10003);
    str_done(&out);
}

static void names(void **state)
{
    (void) state;
    assert_string_equal(record_name(REC_PART, true), "unterminated_text");
    assert_string_equal(record_name(REC_FILTER, false), "content_filter");
    assert_string_equal(record_name(REC_SIZE, false), "message_size");
    assert_string_equal(record_name('?', false), "unknown_record_type");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(round_trip),
        cmocka_unit_test(formats),
        cmocka_unit_test(refuses),
        cmocka_unit_test(explains),
        cmocka_unit_test(follows_pointers),
        cmocka_unit_test(gives_up_in_a_circle),
        cmocka_unit_test(names),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
