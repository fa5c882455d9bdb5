#include "tests/unit/test.h"

#include <sys/socket.h>
#include <unistd.h>

#include "base/io.h"
#include "smtp/smtp_reply.h"
#include "smtp/smtp_text.h"

static void test_read(void **state)
{
    static const struct {
        const char *what, *bytes;
        int code;          /* 0: no reply */
        const char *status, *text, *garbage;
    } cases[] = {
        {"plain", "250 Ok\r\n", 250, "2.0.0", "250 Ok", ""},
        {"only a code", "354\r\n", 354, "5.5.0", "354", ""},
        {"enhanced status", "550 5.1.1 no such user\r\n", 550, "5.1.1", "550 5.1.1 no such user", ""},
        {"status of another class", "450 5.1.1 hm\r\n", 450, "4.0.0", "450 5.1.1 hm", ""},
        {"many lines", "250-a\r\n250-b\r\n250 2.1.5 c\r\n", 250, "2.1.5", "250-a\n250-b\n250 2.1.5 c", ""},
        {"the last code counts", "250-a\r\n451 b\r\n", 451, "4.0.0", "250-a\n451 b", ""},
        {"LF alone", "220 x\n", 220, "2.0.0", "220 x", ""},
        {"garbage before", "hello\r\n220 x\r\n", 220, "2.0.0", "hello\n220 x", "hello"},
        {"four digits", "2200 x\r\n220 y\r\n", 220, "2.0.0", "2200 x\n220 y", "2200 x"},
        {"empty line", "\r\n220 y\r\n", 220, "2.0.0", "220 y", " "},
        {"no end", "220 x", 0, NULL, NULL, NULL},
        {"nothing", "", 0, NULL, NULL, NULL},
        {"more to come", "250-x\r\n", 0, NULL, NULL, NULL},
    };

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct smtp_reply r = {0};
        struct stream s;
        int fds[2];

        print_message("%s\n", cases[i].what);
        assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
        assert_int_equal(write(fds[1], cases[i].bytes, strlen(cases[i].bytes)), strlen(cases[i].bytes));
        close(fds[1]);
        stream_init(&s, fds[0], 1000);
        smtp_reply_wait(&s);
        assert_int_equal(smtp_reply_read(&s, &r), cases[i].code != 0);
        assert_int_equal(r.code, cases[i].code);
        if (cases[i].code != 0) {
            assert_string_equal(r.status, cases[i].status);
            assert_string_equal(str_text(&r.text), cases[i].text);
            assert_string_equal(str_text(&r.garbage), cases[i].garbage);
        }
        smtp_reply_done(&r);
        stream_done(&s);
    }
}

/* A line of any length and a reply of any number of lines must end, and keep their memory small. */
static void test_endless(void **state)
{
    struct smtp_reply r = {0};
    struct stream s;
    struct str bytes = {0};
    int fds[2], size = 4 * 1024 * 1024;

    (void) state;
    assert_int_equal(socketpair(AF_UNIX, SOCK_STREAM, 0, fds), 0);
    setsockopt(fds[1], SOL_SOCKET, SO_SNDBUF, &size, sizeof(size));
    str_adds(&bytes, "250 ");
    memset(str_grow(&bytes, 50000), 'x', 50000);
    str_adds(&bytes, "\r\n");
    for (int i = 0; i < 1500; i++)
        str_addf(&bytes, "250-%050d\r\n", i);
    assert_int_equal(write(fds[1], bytes.data, bytes.len), bytes.len);
    stream_init(&s, fds[0], 1000);
    assert_true(smtp_reply_read(&s, &r));
    assert_int_equal(r.text.len, 2048);
    assert_false(smtp_reply_read(&s, &r));
    assert_true(r.text.len < 32 * 1024);
    close(fds[1]);
    smtp_reply_done(&r);
    stream_done(&s);
    str_done(&bytes);
}

static void test_text(void **state)
{
    static const struct {
        const char *what;
        size_t limit;
        const char *pieces[4]; /* those that begin with '>' are not the end of their line */
        const char *want;
        bool has_broken;
    } cases[] = {
        {"lines", 0, {"a", "", "b"}, "a\r\n\r\nb\r\n.\r\n", false},
        {"nothing", 0, {NULL}, ".\r\n", false},
        {"dots", 0, {".", ".a", "b."}, "..\r\n..a\r\nb.\r\n.\r\n", false},
        {"pieces", 0, {">.a", ">.b", "c"}, "..a.bc\r\n.\r\n", false},
        {"no end of the last line", 0, {"a", ">b"}, "a\r\nb\r\n.\r\n", false},
        {"shorter than the limit", 5, {"abcd"}, "abcd\r\n.\r\n", false},
        {"as long as the limit", 5, {"abcde"}, "abcde\r\n.\r\n", false},
        {"longer", 5, {"abcdefghijkl"}, "abcde\r\n fghi\r\n jkl\r\n.\r\n", true},
        {"longer, in pieces", 5, {">abc", ">de", "f"}, "abcde\r\n f\r\n.\r\n", true},
        {"a dot after the break", 5, {"abcde.f"}, "abcde\r\n .f\r\n.\r\n", true},
    };

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct str out = {0};
        struct smtp_text t = {.out = &out, .line_limit = cases[i].limit};

        print_message("%s\n", cases[i].what);
        for (int p = 0; p < 4 && cases[i].pieces[p] != NULL; p++) {
            bool is_end = cases[i].pieces[p][0] != '>';
            const char *text = cases[i].pieces[p] + !is_end;
            smtp_text_add(&t, text, strlen(text), is_end);
        }
        smtp_text_end(&t);
        assert_string_equal(str_text(&out), cases[i].want);
        assert_int_equal(t.has_broken, cases[i].has_broken);
        str_done(&out);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(test_read), cmocka_unit_test(test_endless), cmocka_unit_test(test_text)};

    return cmocka_run_group_tests(tests, NULL, NULL);
}
