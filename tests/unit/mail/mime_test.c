#include "mail/mime.h"

#include "tests/unit/test.h"

/* What came out, as text: "H1 header", "E" end of header, "B line", "L piece", "!error". */
static void on_header(void *context, enum mime_class class, const struct header_info *known, struct str *text)
{
    (void) known;
    str_addf(context, "H%d %s\n", (int) class, str_text(text));
}

static void on_header_end(void *context)
{
    str_adds(context, "E\n");
}

static void on_body(void *context, enum mime_piece piece, const char *text, size_t len)
{
    str_adds(context, piece == MIME_LINE ? "B " : "L ");
    str_add(context, text, len);
    str_addc(context, '\n');
}

static void on_error(void *context, enum mime_error error, const char *text, size_t len)
{
    (void) text;
    (void) len;
    str_addf(context, "!%d\n", (int) error);
}

static const struct mime_events events = {on_header, on_header_end, on_body, NULL, on_error};
static const struct mime_limits limits = {.line_length = 60, .header_size = 71, .boundary_length = 8, .nesting = 1};

#define CTYPE "Content-Type: "
#define CTE "Content-Transfer-Encoding: "

static const struct {
    const char *what;
    int options;
    const char *message, *want;
    int errors;
} cases[] = {
    {"plain", 0, "A: b\n c\nD : e\n\nbody\n", "H1 A: b\n c\nH1 D: e\nE\nB \nB body\n", 0},
    {"empty", 0, "", "E\n", 0},
    {"header only", 0, "A: b", "H1 A: b\nE\n", 0},
    {"no header", 0, "\nbody\n", "E\nB \nB body\n", 0},
    {"not a header", 0, "A: b\nx y\nC: d\n", "H1 A: b\nE\nB \nB x y\nB C: d\n", 0},
    {"not a header, reported", MIME_REPORT_NO_BLANK_LINE, "A: b\nx y\n", "H1 A: b\n!32\nE\nB \nB x y\n", 32},
    {"no last newline", 0, "\nbody", "E\nB \nB body\n", 0},
    {"blanks continue", 0, "A: b\n \n\tc\n\n", "H1 A: b\n \n\tc\nE\nB \n", 0},
    {"long line", 0, "\n123456789012345678901234567890123456789012345678901234567890x\ny\n",
        "E\nB \nL 123456789012345678901234567890123456789012345678901234567890\nB x\nB y\n", 0},
    {"long header", MIME_REPORT_TRUNCATED_HEADER,
        "A: 1234567890\n 1234567890\n 1234567890\n 1234567890\n 1234567890\n 1234567890\n dropped\n\n",
        "!2\nH1 A: 1234567890\n 1234567890\n 1234567890\n 1234567890\n 1234567890\n 12345678\nE\nB \n", 2},
    {"parts", 0,
        CTYPE "multipart/mixed; boundary=\"b\"\n\npre\n--b\n" CTYPE "text/plain\n\none\n--b\n\ntwo\n--b--\npost\n--b\n",
        "H1 " CTYPE "multipart/mixed; boundary=\"b\"\nE\nB \nB pre\nB --b\nH2 " CTYPE "text/plain\nB \nB one\nB --b\n"
        "B \nB two\nB --b--\nB post\nB --b\n",
        0},
    {"folded, commented type", 0, CTYPE "(c) Multipart/x; a=\";\";\n\tboundary = b (d)\n\n--b\nA: b\n\nx\n",
        "H1 " CTYPE "(c) Multipart/x; a=\";\";\n\tboundary = b (d)\nE\nB \nB --b\nH2 A: b\nB \nB x\n", 0},
    {"message", 0, CTYPE "message/rfc822\n\nA: b\n\nx\n", "H1 " CTYPE "message/rfc822\nE\nB \nH3 A: b\nB \nB x\n", 0},
    {"digest", 0, CTYPE "multipart/digest; boundary=b\n\n--b\n\nA: b\n\nx\n",
        "H1 " CTYPE "multipart/digest; boundary=b\nE\nB \nB --b\nB \nH3 A: b\nB \nB x\n", 0},
    {"outer boundary ends inner", 0,
        CTYPE "multipart/x; boundary=o\n\n--o\n" CTYPE "multipart/x; boundary=i\n\n--i\nA: b\n\n--o\nC: d\n\n--i\n",
        "H1 " CTYPE "multipart/x; boundary=o\nE\nB \nB --o\nH2 " CTYPE "multipart/x; boundary=i\nB \nB --i\nH2 A: b\n"
        "B \nB --o\nH2 C: d\nB \nB --i\n",
        0},
    {"long boundary is cut", 0, CTYPE "multipart/x; boundary=12345678X\n\n--12345678Y\nA: b\n\n",
        "H1 " CTYPE "multipart/x; boundary=12345678X\nE\nB \nB --12345678Y\nH2 A: b\nB \n", 0},
    {"disabled", MIME_DISABLE, CTYPE "multipart/x; boundary=b\n\n--b\nA: b\n",
        "H1 " CTYPE "multipart/x; boundary=b\nE\nB \nB --b\nB A: b\n", 0},
    {"nesting", MIME_REPORT_NESTING,
        CTYPE "multipart/x;boundary=1;boundary=2;\n boundary=3;boundary=4\n\n--4\nA: b\n",
        "!1\nH1 " CTYPE "multipart/x;boundary=1;boundary=2;\n boundary=3;boundary=4\nE\nB \nB --4\nB A: b\n", 1},
    {"8-bit header", MIME_REPORT_8BIT_IN_HEADER, "A: \xe9\nB: \xe9\n\n\xe9\n",
        "!4\nH1 A: \xe9\nH1 B: \xe9\nE\nB \nB \xe9\n", 4},
    {"8-bit body", MIME_REPORT_8BIT_IN_7BIT_BODY, "A: b\n\n\xe9\n", "H1 A: b\nE\nB \n!8\nB \xe9\n", 8},
    {"8-bit body that says so", MIME_REPORT_8BIT_IN_7BIT_BODY, CTE "8bit\n\n\xe9\n", "H1 " CTE "8bit\nE\nB \nB \xe9\n",
        0},
    {"encoded multipart", MIME_REPORT_ENCODING_DOMAIN, CTE "base64\n" CTYPE "multipart/x\n\n",
        "H1 " CTE "base64\nH1 " CTYPE "multipart/x\nE\n!16\nB \n", 16},
    {"downgrade", MIME_DOWNGRADE, CTE "8bit\n\n\xe9=\nend \n",
        "H1 " CTE "quoted-printable\nE\nB \nB =E9=3D\nB end=20\n", 0},
    {"downgrade: nothing to do", MIME_DOWNGRADE, CTE "7bit\n\na=b \n", "H1 " CTE "7bit\nE\nB \nB a=b \n", 0},
    {"downgrade: a part", MIME_DOWNGRADE,
        CTE "8bit\n" CTYPE "multipart/x; boundary=b\n\n--b\n" CTE "8bit\n\n\xe9\n--b--\n",
        "H1 " CTYPE "multipart/x; boundary=b\nH1 " CTE "7bit\nE\nB \nB --b\nH2 " CTE
        "quoted-printable\nB \nB =E9\nB --b--\n",
        0},
    {"downgrade: long line", MIME_DOWNGRADE,
        CTE "8bit\n\n1234567890123456789012345678901234567890123456789012345678901234567890123\n"
            "1234567890123456789012345678901234567890123456789012345678901234567890123x\n",
        "H1 " CTE
        "quoted-printable\nE\nB \nB 1234567890123456789012345678901234567890123456789012345678901234567890123\n"
        "B 1234567890123456789012345678901234567890123456789012345678901234567890123=\nB x\n",
        0},
};

static void run(size_t i, size_t chunk, struct str *got)
{
    struct mime *m = mime_new(cases[i].options, &limits, &events, got);
    size_t len = strlen(cases[i].message);

    str_clear(got);
    for (size_t at = 0; at < len; at += chunk)
        mime_push(m, cases[i].message + at, len - at < chunk ? len - at : chunk);
    assert_int_equal(mime_end(m), cases[i].errors);
    mime_free(m);
}

static void test_cases(void **state)
{
    struct str got = {0};

    (void) state;
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
        for (size_t chunk = 1; chunk < 200; chunk = chunk * 3 + 1) {
            run(i, chunk, &got);
            if (strcmp(str_text(&got), cases[i].want) != 0)
                fail_msg("%s, by %zu bytes: got\n%swant\n%s", cases[i].what, chunk, str_text(&got), cases[i].want);
        }
    str_done(&got);
}

static void test_reset(void **state)
{
    struct str got = {0};
    struct mime *m = mime_new(0, &limits, &events, &got);
    static const char first[] = CTYPE "multipart/x; boundary=b\n\n--b\nA: b";

    (void) state;
    mime_push(m, first, strlen(first));
    mime_reset(m);
    str_clear(&got);
    mime_push(m, "\n--b\n", 5);
    mime_end(m);
    assert_string_equal(str_text(&got), "E\nB \nB --b\n");
    mime_free(m);
    str_done(&got);
}

static void test_texts(void **state)
{
    (void) state;
    assert_string_equal(mime_error_text(MIME_8BIT_IN_HEADER), "improper use of 8-bit data in message header");
    assert_string_equal(mime_error_dsn(MIME_NESTING), "5.6.0");
    assert_int_equal(mime_encoding_of(" (x) 8BIT", MIME_7BIT), MIME_8BIT);
    assert_int_equal(mime_encoding_of("x-none", MIME_BINARY), MIME_BINARY);
}

static void on_body_offset(void *context, enum mime_piece piece, const char *text, size_t len)
{
    (void) piece;
    str_addf(context, "%zu %.*s\n", mime_body_offset(*(struct mime **) ((struct str *) context + 1)), (int) len, text);
}

static void offsets_begin_with_each_body(void **state)
{
    static const struct mime_events offsets = {.body = on_body_offset};
    static const char message[] =
        CTYPE "multipart/mixed; boundary=b\n\npre\n--b\nX: y\n\none\ntwo\n--b\n" CTYPE "message/rfc822\n\n"
        "Subject: x\n\nthree\n--b--\npost\n";
    struct {
        struct str out;
        struct mime *mime;
    } c = {0};

    (void) state;
    c.mime = mime_new(0, &limits, &offsets, &c);
    mime_push(c.mime, message, strlen(message));
    mime_end(c.mime);
    assert_string_equal(str_text(&c.out),
        "0 \n1 pre\n5 --b\n0 \n1 one\n5 two\n9 --b\n13 \n0 \n1 three\n0 --b--\n6 post\n");
    str_clear(&c.out);
    mime_reset(c.mime);
    mime_push(c.mime, "X: y\nno header\nbody\n", 20);
    mime_end(c.mime);
    assert_string_equal(str_text(&c.out), "0 \n0 no header\n10 body\n");
    mime_free(c.mime);
    str_done(&c.out);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_cases),
        cmocka_unit_test(test_reset),
        cmocka_unit_test(test_texts),
        cmocka_unit_test(offsets_begin_with_each_body),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
