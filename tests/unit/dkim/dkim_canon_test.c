#include "dkim/dkim_canon.h"

#include <openssl/evp.h>

#include "tests/unit/test.h"

static const struct {
    const char *text, *simple, *relaxed;
} headers[] = {
    {"A: X", "A: X", "a:X"}, /* RFC 6376 3.4.5 */
    {"B : Y\t\n\tZ  ", "B : Y\t\r\n\tZ  ", "b:Y Z"},
    {"Subject:\n  x", "Subject:\r\n  x", "subject:x"},
    {"Empty:", "Empty:", "empty:"},
    {"Blank: \t", "Blank: \t", "blank:"},
    {"X: a:b\n", "X: a:b", "x:a:b"}, /* the final LF does not count */
    {"X: \xc3\xa9 \r", "X: \xc3\xa9 \r", "x:\xc3\xa9 \r"},
    {"", "", ""},
};

static void test_headers(void **state)
{
    struct str out = {0};

    (void) state;
    for (size_t i = 0; i < sizeof(headers) / sizeof(headers[0]); i++) {
        str_clear(&out);
        dkim_canon_header(DKIM_SIMPLE, headers[i].text, strlen(headers[i].text), &out);
        assert_string_equal(str_text(&out), headers[i].simple);
        str_clear(&out);
        dkim_canon_header(DKIM_RELAXED, headers[i].text, strlen(headers[i].text), &out);
        assert_string_equal(str_text(&out), headers[i].relaxed);
    }
    str_done(&out);
}

static const struct {
    const char *text, *simple, *relaxed;
} bodies[] = {
    {" C \nD \t E\n\n\n", " C \r\nD \t E\r\n", " C\r\nD E\r\n"}, /* RFC 6376 3.4.5 */
    {"", "\r\n", ""},
    {"\n", "\r\n", ""},
    {"\n\n\n", "\r\n", ""},
    {" \t\n", " \t\r\n", ""},
    {"a", "a\r\n", "a\r\n"},
    {"a\n \n\t\n", "a\r\n \r\n\t\r\n", "a\r\n"},
    {"\n\na\n\nb\n\n", "\r\n\r\na\r\n\r\nb\r\n", "\r\n\r\na\r\n\r\nb\r\n"},
    {"a \t b\n c  d\te \n", "a \t b\r\n c  d\te \r\n", "a b\r\n c d e\r\n"},
    {"a \n  \nb ", "a \r\n  \r\nb \r\n", "a\r\n\r\nb\r\n"},
    {"x\ry\n\xe9\n", "x\ry\r\n\xe9\r\n", "x\ry\r\n\xe9\r\n"},
};

static void check_body(enum dkim_canon canon, const char *text, size_t piece, const char *want)
{
    struct dkim_body *b = dkim_canon_body_new(canon);
    unsigned char hash[DKIM_HASH_LEN];

    EVP_Digest(want, strlen(want), hash, NULL, EVP_sha256(), NULL);
    for (int again = 0; again < 2; again++) {
        for (size_t at = 0; at < strlen(text); at += piece)
            dkim_canon_body_add(b, text + at, strlen(text) - at < piece ? strlen(text) - at : piece);
        assert_memory_equal(dkim_canon_body_hash(b), hash, sizeof(hash));
        assert_memory_equal(dkim_canon_body_hash(b), hash, sizeof(hash));
        dkim_canon_body_reset(b);
    }
    dkim_canon_body_free(b);
}

static void test_bodies(void **state)
{
    (void) state;
    for (size_t i = 0; i < sizeof(bodies) / sizeof(bodies[0]); i++)
        for (size_t piece = 1; piece < 20; piece++) {
            check_body(DKIM_SIMPLE, bodies[i].text, piece, bodies[i].simple);
            check_body(DKIM_RELAXED, bodies[i].text, piece, bodies[i].relaxed);
        }
}

static void test_large_body(void **state)
{
    enum { LINES = 1000 };
    struct str text = {0}, want = {0};

    (void) state;
    for (int i = 0; i < LINES; i++) {
        str_addf(&text, "%*d  and \n", i % 50 + 1, i);
        str_addf(&want, "%*d  and \r\n", i % 50 + 1, i);
    }
    check_body(DKIM_SIMPLE, str_text(&text), 1, str_text(&want));
    check_body(DKIM_SIMPLE, str_text(&text), 10000, str_text(&want));
    check_body(DKIM_SIMPLE, str_text(&text), text.len, str_text(&want));
    str_done(&text);
    str_done(&want);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_headers),
        cmocka_unit_test(test_bodies),
        cmocka_unit_test(test_large_body),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
