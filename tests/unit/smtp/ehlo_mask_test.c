#include "smtp/ehlo_mask.h"

#include "base/log.h"
#include "base/str.h"
#include "tests/unit/test.h"

static struct str logged;

static void keep(void *context, const struct log_line *lines, size_t count)
{
    (void) context;
    for (size_t i = 0; i < count; i++)
        str_addf(&logged, "%s\n", lines[i].text);
}

static const struct {
    const char *words;
    unsigned mask;
    const char *log;
} cases[] = {
    {"", 0, ""},
    {"dsn, SIZE\tetrn", EHLO_DSN | EHLO_SIZE | EHLO_ETRN, "discarding EHLO keywords: ETRN SIZE DSN\n"},
    {"xforward starttls,verp 8bitmime", EHLO_XFORWARD | EHLO_STARTTLS | EHLO_VERP | EHLO_8BITMIME,
        "discarding EHLO keywords: 8BITMIME VERP XFORWARD STARTTLS\n"},
    {"smtputf8 chunking", EHLO_SMTPUTF8 | EHLO_CHUNKING, "discarding EHLO keywords: EHLO_MASK_SMTPUTF8 CHUNKING\n"},
    {"nonsense dsnx", 0, ""},
    {"dsn silent-discard", EHLO_DSN | EHLO_SILENT, ""},
    {"dsn enhancedstatuscodes", EHLO_DSN | EHLO_STATUS, ""},
};

static void words_become_bits(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        str_clear(&logged);
        unsigned mask = ehlo_mask_parse(cases[i].words);
        if (mask != cases[i].mask)
            fail_msg("\"%s\": %x, not %x", cases[i].words, mask, cases[i].mask);
        ehlo_mask_log(mask);
        assert_string_equal(str_text(&logged), cases[i].log);
    }
    str_done(&logged);
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(words_become_bits)};

    log_add_sink(keep, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
