#include "cmd/sendmail/content.h"

#include <sys/mman.h>
#include <unistd.h>

#include "base/str.h"
#include "config/config.h"
#include "tests/unit/test.h"

enum { DOTS = 1, HEADERS = 2, STRICT = 4, NEVER = 8 };

/* want: the records, "type text|", then the recipients behind ">". */
static const struct {
    const char *what;
    int options;
    const char *text, *want;
} cases[] = {
    {"plain", 0, "a\nb\n", "Na|Nb|"},
    {"nothing", 0, "", ""},
    {"no end of line", 0, "a\nb", "Na|Lb|"},
    {"a dot ends it", 0, "a\n.\nb\n", "Na|"},
    {"a dot at the very end", 0, "a\n.", "Na|"},
    {"a dot is text", DOTS, "a\n.\nb\n", "Na|N.|Nb|"},
    {"dots that are text anyway", 0, "..\n. \n.x\n", "N..|N. |N.x|"},
    {"CR LF", 0, "a\r\n.\r\nb\r\n", "Na|"},
    {"all CRs at an end", DOTS, "a\r\r\n\rb\nc\r", "Na|N\rb|Lc\r|"},
    {"strict, with CR first", STRICT, "a\r\nb\n.\r\nc\n", "Na|Nb|"},
    {"strict, without", STRICT, "a\nb\r\n.\r\n", "Na|Nb\r|N.\r|"},
    {"never", NEVER, "a\r\n.\r\n", "Na\r|N.\r|"},
    {"From lines", 0, "From x\n>From y\n>>From z\na\nFrom b\n", "Na|NFrom b|"},
    {"no From line", 0, "Fromage\n", "NFromage|"},
    {"a From line behind text", 0, "\nFrom x\n", "N|NFrom x|"},
    {"a long line", 0, "123456789\n", "L12345678|N9|"},
    {"a line as long as may be", 0, "12345678\nx\n", "L12345678|N|Nx|"},
    {"a dot in a long line", 0, "12345678.\nx\n", "L12345678|N.|Nx|"},
    {"recipients", HEADERS, "To: a\nCc: b\n\nx\n", "NTo: a|NCc: b|N|Nx|>a>b"},
    {"in order, folded", HEADERS, "To: a,\n b\n\n", "NTo: a,|N b|N|>a>b"},
    {"blind copies", HEADERS, "Bcc: a\n\n", "NBcc: a|N|>a"},
    {"resent", HEADERS, "To: a\nResent-Cc: b\n\n", "NTo: a|NResent-Cc: b|N|>b"},
    {"resent to nobody", HEADERS, "To: a\nResent-Bcc:\n\n", "NTo: a|NResent-Bcc:|N|"},
    {"none", HEADERS, "To: <>\n\n", "NTo: <>|N|"},
    {"a header that is none", HEADERS, "To: a\nb c\nCc: d\n", "NTo: a|N|Nb c|NCc: d|>a"},
    {"in the body", HEADERS, "To: a\n\nCc: b\n", "NTo: a|N|NCc: b|>a"},
    {"header alone", HEADERS, "To: a\n", "NTo: a|>a"},
};

static bool put(void *context, int type, const char *text, size_t n)
{
    struct str *out = context;

    str_addc(out, (char) type);
    str_add(out, text, n);
    str_addc(out, '|');
    return true;
}

static int file_with(const char *text)
{
    int fd = memfd_create("message", 0);

    assert_int_equal(write(fd, text, strlen(text)), strlen(text));
    assert_int_equal(lseek(fd, 0, SEEK_SET), 0);
    return fd;
}

static void reads(size_t i)
{
    struct arena arena = {0};
    struct str out = {0};
    int options = cases[i].options;
    struct sendmail_content c = {
        .fd = file_with(cases[i].text),
        .line_ends = (options & STRICT) != 0 ? SENDMAIL_CRLF_STRICT
                     : (options & NEVER) != 0 ? SENDMAIL_CRLF_NEVER
                                              : SENDMAIL_CRLF_ALWAYS,
        .has_no_end_dot = (options & DOTS) != 0,
        .reads_recipients = (options & HEADERS) != 0,
        .line_limit = (options & HEADERS) != 0 ? 64 : 8,
        .arena = &arena,
        .put = put,
        .context = &out,
    };

    assert_true(sendmail_content_read(&c));
    for (size_t j = 0; j < c.recipients.count; j++)
        str_addf(&out, ">%s", (const char *) c.recipients.items[j]);
    if (strcmp(str_text(&out), cases[i].want) != 0)
        fail_msg("%s: %s", cases[i].what, str_text(&out));
    close(c.fd);
    vec_done(&c.recipients, NULL);
    str_done(&out);
    arena_done(&arena);
}

static void reads_messages(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++)
        reads(i);
}

static void tells_errors(void **state)
{
    struct arena arena = {0};
    struct sendmail_content c = {.fd = -1, .line_limit = 8, .arena = &arena, .put = put};

    (void) state;
    assert_false(sendmail_content_read(&c));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(reads_messages), cmocka_unit_test(tells_errors)};

    conf.header_size_limit = 10000;
    return cmocka_run_group_tests(tests, NULL, NULL);
}
