#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdlib.h>
#include <string.h>

#include "base/str.h"
#include "queue/envelope.h"
#include "queue/record.h"

/* Messages are written down as "TYPE text" lines; %a in the text stands for the offset of the first line,
 * %b for that of the second, and so on, in fifteen columns. */
static size_t offsets[64];

static size_t build(struct str *out, const char *text)
{
    size_t lines = 0;

    str_clear(out);
    while (*text != 0) {
        size_t n = strcspn(text, "\n");
        struct str payload = {0};
        offsets[lines++] = out->len;
        for (size_t i = 2; i < n; i++)
            if (text[i] == '%')
                str_addf(&payload, "%15zu", offsets[text[++i] - 'a']);
            else
                str_addc(&payload, text[i]);
        record_add(out, text[0], str_text(&payload), payload.len);
        str_done(&payload);
        text += n + (text[n] == '\n');
    }
    return lines;
}

/* Twice, so that forward references have their offsets, which have a fixed width. */
static void make(struct str *out, const char *text)
{
    build(out, text);
    build(out, text);
}

static struct arena arena;
static struct envelope env;
static struct str why;

static bool read_text(struct str *m, const char *text)
{
    arena_clear(&arena);
    str_clear(&why);
    make(m, text);
    return envelope_read(&arena, m->data, m->len, 0, &env, NULL, &why);
}

#define HEAD "T 1700000000 99\nA create_time=1700000005\n"
#define SENDER "S from@example.com\n"
#define CONTENT "M \nN abc\nX \n"
#define TAIL "R to@example.org\n" CONTENT "E "
/* For CONTENT, which has five bytes of data; line is that of N. */
#define SIZE6(line) "C               5 %" line "               1               0               5               3\n"

static void everything(void **state)
{
    struct str m = {0};

    (void) state;
    assert_true(read_text(&m, SIZE6("x") HEAD "A log_ident=ident\nA rewrite_context=remote\nA envelope_id=xyz\n"
        "A ret_flags=2\nF Full Name\n" SENDER "A encoding=8bit\nA log_client_name=logged\n"
        "A client_name=real\nA client_address=192.0.2.1\nA unknown=1\nA sasl_method=PLAIN\n"
        "W      1700001000\nA notify_flags=3\nA dsn_orig_rcpt=rfc822;a@b\nO was@example.org\nR to@example.org\n"
        "D done@example.org\nR two@example.org\nM \nN abc\nX \n"
        "L smtp:[127.0.0.1]\nA message_id=<x@y>\nA trace_flags=1024\nR extracted@example.org\nE "));
    assert_int_equal(env.arrival.tv_sec, 1700000000);
    assert_int_equal(env.arrival.tv_usec, 99);
    assert_int_equal(env.create_time, 1700000005);
    assert_string_equal(env.sender, "from@example.com");
    assert_string_equal(env.full_name, "Full Name");
    assert_string_equal(env.encoding, "8bit");
    assert_string_equal(env.envelope_id, "xyz");
    assert_int_equal(env.dsn_ret, DSN_RET_HDRS);
    assert_int_equal(env.trace_flags, TRACE_V);
    assert_string_equal(env.client_name, "logged");
    assert_string_equal(env.client_address, ""); /* log_* or the others, never both */
    assert_string_equal(env.origin_name, "real");
    assert_string_equal(env.origin_address, "192.0.2.1");
    assert_string_equal(env.sasl_method, "PLAIN");
    assert_string_equal(env.sasl_username, "");
    assert_string_equal(env.filter, "smtp:[127.0.0.1]");
    assert_string_equal(env.message_id, "<x@y>");
    assert_int_equal(env.warn_time, 1700001000);
    assert_int_equal(m.data[env.warn_offset - 2], 'W');
    assert_int_equal(env.data_size, 5);
    assert_int_equal(env.content_size, 5);
    assert_int_equal(m.data[env.data_offset], 'N');
    assert_int_equal(env.sendopts, SENDOPT_SMTPUTF8_REQUESTED | SENDOPT_UTF8_HEADER);
    assert_int_equal(env.recipient_count, 3);
    assert_int_equal(env.done_count, 1);
    assert_string_equal(env.recipients[0].address, "to@example.org");
    assert_string_equal(env.recipients[0].original, "was@example.org");
    assert_string_equal(env.recipients[0].dsn_orcpt, "rfc822;a@b");
    assert_int_equal(env.recipients[0].dsn_notify, DSN_NOTIFY_NEVER | DSN_NOTIFY_SUCCESS);
    assert_int_equal(m.data[env.recipients[0].offset], 'R');
    assert_string_equal(env.recipients[1].original, "");
    assert_int_equal(env.recipients[1].dsn_notify, 0);
    assert_string_equal(env.recipients[2].address, "extracted@example.org");
    assert_true(env.is_complete);
    str_done(&m);
}

static const struct {
    const char *what, *text, *want; /* NULL: fine */
} cases[] = {
    {"six fields", SIZE6("g") HEAD SENDER TAIL, NULL},
    {"five fields", "C               5 %g               1               0               5\n" HEAD SENDER TAIL, NULL},
    {"four fields", "C               5 %g               1               0\n" HEAD SENDER TAIL, NULL},
    {"three fields", "C               5 %g               1\n" HEAD SENDER TAIL, NULL},
    {"one field", "C               5\n" HEAD SENDER TAIL, NULL},
    {"two fields", "C               5 %g\n" HEAD SENDER TAIL, "invalid size record:               5             108"},
    {"no number", "C x y z\n" HEAD SENDER TAIL, "invalid size record: x y z"},
    {"minus one", "C -1 -1 -1\n" HEAD SENDER TAIL, "invalid size record: -1 -1 -1"},
    {"known flags", "C               5 %g               1              31\n" HEAD SENDER TAIL, NULL},
    {"unknown flag", "C 5 5 1 32\n" HEAD SENDER TAIL, "invalid flags in size record: 5 5 1 32"},
    {"unknown send options", "C 5 %g 1 0 5 1027\n" HEAD SENDER TAIL, NULL},
    {"size of something else", "C 4 %g 1 0 5 3\n" HEAD SENDER TAIL, "message rejected: weird size record"},
    {"size beyond the end", "C 50000 %g 1 0 5 3\n" HEAD SENDER TAIL, "message rejected: weird size record"},
    {"offset beyond the end", "C 5 99999 1 0 5 3\n" HEAD SENDER TAIL, "message rejected: weird size record"},
    {"no size", HEAD SENDER TAIL, "message rejected: missing size record"},
    {"no sender", SIZE6("f") HEAD TAIL, "message rejected: missing sender record"},
    {"empty sender", SIZE6("g") HEAD "S \n" TAIL, NULL},
    {"no time", SIZE6("e") SENDER TAIL, "message rejected: missing arrival time record"},
    {"no recipients", SIZE6("f") HEAD SENDER CONTENT "E ", NULL},
    {"no end", SIZE6("f") HEAD SENDER CONTENT, "message rejected: missing end record"},
    {"content twice", SIZE6("g") HEAD SENDER "R a@b\n" CONTENT CONTENT "E ", "envelope records out of order"},
    {"unknown record", SIZE6("g") HEAD SENDER "?\n" CONTENT "E ", "Unexpected record type '?' at offset 154"},
    {"text in the envelope", SIZE6("g") HEAD SENDER "N text\n" CONTENT "E ", "Unexpected record type 'N' at offset 154"},
    {"old records", SIZE6("j") HEAD SENDER "I x\nr x\ne x\nP x\n" CONTENT "E ", NULL},
    {"edited by milters", SIZE6("i") HEAD SENDER "p %n\nw padding\np               0\n" "M \nN abc\nX \np              0\n"
        "R a@b\nE \nR added@example.org\np %f\nE ", NULL},
};

static void judged(void **state)
{
    struct str m = {0};

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        print_message("%s\n", cases[i].what);
        bool ok = read_text(&m, cases[i].text);
        assert_string_equal(str_text(&why), cases[i].want == NULL ? "" : cases[i].want);
        assert_int_equal(ok, cases[i].want == NULL);
    }
    str_done(&m);
}

/* Every prefix of a message is refused, and nothing beyond it is read (sanitizers see that). */
static void truncated(void **state)
{
    struct str m = {0};

    (void) state;
    make(&m, SIZE6("g") HEAD SENDER TAIL);
    for (size_t n = 0; n < m.len; n++) {
        char *copy = malloc(n + (n == 0));
        memcpy(copy, m.data, n);
        assert_false(envelope_read(&arena, copy, n, 0, &env, NULL, &why));
        free(copy);
    }
    str_done(&m);
}

static void in_portions(void **state)
{
    struct str m = {0};
    struct envelope_recipient *more;
    uint64_t next;
    size_t count, total;

    (void) state;
    make(&m, SIZE6("m") HEAD SENDER "O a\nR a@x\nR b@x\nD c@x\nA notify_flags=1\nO d\nR d@x\n" CONTENT "R e@x\nR f@x\nE ");
    for (size_t limit = 1; limit < 7; limit++) {
        assert_true(envelope_read(&arena, m.data, m.len, limit, &env, &next, &why));
        assert_int_equal(env.recipient_count, limit < 5 ? limit : 5);
        assert_int_equal(env.done_count, 1);
        for (total = env.recipient_count; next != 0; total += count) {
            assert_true(envelope_more(&arena, m.data, m.len, &env, &next, limit, &more, &count, &why));
            assert_in_range(count, 1, limit);
            for (size_t i = 0; i < count; i++) {
                assert_int_equal(more[i].address[0], "abdef"[total + i]);
                assert_int_equal(more[i].dsn_notify, more[i].address[0] == 'd');
                assert_string_equal(more[i].original, more[i].address[0] == 'd' ? "d" : "");
            }
        }
        assert_int_equal(total, 5);
    }
    str_done(&m);
}

static const char *const submissions[] = {
    HEAD SENDER TAIL,
    "C -1 -1 -1 -1 -1 32\n" HEAD SENDER TAIL,
};

static void submitted(void **state)
{
    struct str m = {0};

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(submissions); i++) {
        make(&m, submissions[i]);
        assert_true(envelope_read_submission(&arena, m.data, m.len, &env, &why));
        assert_int_equal(env.recipient_count, 1);
        assert_int_equal(env.data_size, 5);
        assert_int_equal(env.sendopts, i == 0 ? 0 : SENDOPT_REQUIRETLS);
    }
    str_done(&m);
}

static int release(void **state)
{
    (void) state;
    arena_done(&arena);
    str_done(&why);
    return 0;
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(everything),
        cmocka_unit_test(judged),
        cmocka_unit_test(truncated),
        cmocka_unit_test(in_portions),
        cmocka_unit_test(submitted),
    };
    return cmocka_run_group_tests(tests, NULL, release);
}
