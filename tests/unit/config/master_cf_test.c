#include "config/master_cf.h"

#include "base/log.h"
#include "tests/unit/test.h"

static struct str logged;

static void remember(void *context, const struct log_line *lines, size_t count)
{
    (void) context;
    for (size_t i = 0; i < count; i++)
        str_addf(&logged, "%s\n", lines[i].text);
}

static bool parse(struct master_cf *m, const char *text, struct str *why)
{
    const struct master_cf_defaults d = {.is_chroot = false, .process_limit = 100};

    return master_cf_parse(m, "/master.cf", text, strlen(text), &d, why);
}

/* "type private unprivileged chroot wakeup? limit command [arg]..." */
static const struct {
    const char *line, *want;
} lines[] = {
    {"smtp inet n - n - - smtpd", "inet 0 1 0 0 100 smtpd"},
    {"smtp inet n - - - - smtpd", "inet 0 1 0 0 100 smtpd"},
    {"smtp inet n n y 60 1 smtpd", "inet 0 0 1 60 1 smtpd"},
    {"flush unix n y n 1000? 0 flush", "unix 0 1 0 1000? 0 flush"},
    {"a unix - - - - 0 smtpd", "unix 1 1 0 0 0 smtpd"},
    {"a unix-dgram n - n - 1 postlogd", "unix-dgram 0 1 0 0 1 postlogd"},
    {"a fifo n - n - 1 pickup", "fifo 0 1 0 0 1 pickup"},
    {"a pass - - n - - smtpd", "pass 1 1 0 0 100 smtpd"},
    {"[::1]:25 inet n - n - - smtpd", "inet 0 1 0 0 100 smtpd"},
    {"a unix - - n - - smtpd -v -o a=b", "unix 1 1 0 0 100 smtpd [-v] [-o] [a=b]"},
    {"a unix - - n - - smtpd\n  -o a=b\n# c\n\n\t-o c=d", "unix 1 1 0 0 100 smtpd [-o] [a=b] [-o] [c=d]"},
    {"a unix - - n - - smtpd -o {a=b}", "unix 1 1 0 0 100 smtpd [-o] [a=b]"},
    {"a unix - - n - - smtpd -o { a = b, c d }", "unix 1 1 0 0 100 smtpd [-o] [a=b, c d]"},
    {"a unix - - n - - smtpd -o { a = }", "unix 1 1 0 0 100 smtpd [-o] [a=]"},
    {"a unix - - n - - smtpd -o { a = {b c} }", "unix 1 1 0 0 100 smtpd [-o] [a={b c}]"},
    {"a unix - - n - - smtpd -o a={b c}", "unix 1 1 0 0 100 smtpd [-o] [a={b c}]"},
    {"a unix - - n - - pipe { x y } {} z", "unix 1 1 0 0 100 pipe [x y] [] [z]"},
    {"a unix - - n - - pipe { -o a }", "unix 1 1 0 0 100 pipe [-o a]"},
    {"a unix - - n - - smtpd -o", "unix 1 1 0 0 100 smtpd [-o]"},
};

static void describe(const struct master_service *s, struct str *text)
{
    str_setf(text, "%s %d %d %d %d%s %d %s", master_cf_type_name(s->type), s->is_private, s->is_unprivileged,
        s->is_chroot, s->wakeup_seconds, s->is_wakeup_postponed ? "?" : "", s->process_limit, s->command);
    for (size_t i = 0; i < s->argv.count; i++)
        str_addf(text, " [%s]", (const char *) s->argv.items[i]);
}

static void reads_lines(void **state)
{
    struct str got = {0}, why = {0};

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(lines); i++) {
        struct master_cf m = {0};
        if (!parse(&m, lines[i].line, &why))
            fail_msg("%s: %s", lines[i].line, str_text(&why));
        assert_int_equal(m.services.count, 1);
        describe(m.services.items[0], &got);
        if (strcmp(str_text(&got), lines[i].want) != 0)
            fail_msg("%s: \"%s\" instead of \"%s\"", lines[i].line, str_text(&got), lines[i].want);
        master_cf_done(&m);
    }
    str_done(&got);
    str_done(&why);
}

static const struct {
    const char *line, *why;
} bad[] = {
    {"smtp", "missing \"type\" field"},
    {"smtp inet n - n - -", "missing \"command\" field"},
    {"smtp unix", "missing \"private\" field"},
    {"smtp tcp n - n - - smtpd", "bad transport type: tcp"},
    {"smtp inet x - n - - smtpd", "field \"private\": bad value: \"x\""},
    {"smtp inet n N n - - smtpd", "field \"unprivileged\": bad value: \"N\""},
    {"smtp inet n - yes - - smtpd", "field \"chroot\": bad value: \"yes\""},
    {"smtp inet n - n 1x - smtpd", "field \"wakeup\": bad value: \"1x\""},
    {"smtp inet n - n ? - smtpd", "field \"wakeup\": bad value: \"?\""},
    {"smtp inet n - n -1 - smtpd", "field \"wakeup\": bad value: \"-1\""},
    {"smtp inet n - n 99999999999 - smtpd", "field \"wakeup\": bad value: \"99999999999\""},
    {"smtp inet n - n - x smtpd", "field \"process_limit\": bad value: \"x\""},
    {"smtp inet n - n - -1 smtpd", "field \"process_limit\": bad value: \"-1\""},
    {"smtp inet - - n - - smtpd", "inet service cannot be private"},
    {"smtp unix - - n - - smtpd -o {a=b", "missing '}' in \"{a=b\""},
    {"smtp unix - - n - - smtpd -o {a=b}c", "syntax error after '}' in \"{a=b\""},
    {"smtp unix - - n - - smtpd -o {a}", "missing '=' after attribute name in \"{a\""},
};

static void refuses_bad_lines(void **state)
{
    struct str text = {0}, want = {0}, why = {0};

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
        struct master_cf m = {0};
        str_setf(&text, "# comment\nok unix - - n - - smtpd\n%s\n", bad[i].line);
        str_setf(&want, "/master.cf: line 3: %s", bad[i].why);
        if (parse(&m, str_text(&text), &why))
            fail_msg("%s: no error", bad[i].line);
        assert_string_equal(str_text(&why), str_text(&want));
        master_cf_done(&m);
    }
    str_done(&text);
    str_done(&want);
    str_done(&why);
}

static void last_of_two_wins(void **state)
{
    struct master_cf m = {0};
    struct str why = {0};

    (void) state;
    str_clear(&logged);
    assert_true(parse(&m, "a unix - - n - - x -v\na inet n - n - - y\na unix - - n - 3 z\n", &why));
    assert_int_equal(m.services.count, 2);
    const struct master_service *a = master_cf_find(&m, "a", MASTER_UNIX);
    assert_string_equal(a->command, "z");
    assert_int_equal(a->line, 3);
    assert_int_equal(a->argv.count, 0);
    assert_string_equal(master_cf_find(&m, "a", MASTER_INET)->command, "y");
    assert_null(master_cf_find(&m, "a", MASTER_PASS));
    assert_non_null(strstr(str_text(&logged), "/master.cf: line 3: duplicate master.cf entry for service \"a\""));
    master_cf_done(&m);
    str_done(&logged);
}

static const struct {
    const char *args, *want; /* "name=value;" each */
} overrides[] = {
    {"", ""},
    {"-v -o a=b -D -oc=d", "a=b;c=d;"},
    {"-o { a = b c }", "a=b c;"},
    {"-o a", ""},
    {"-o", ""},
    {"flags=R argv=/bin/x -o a=b", ""},
    {"-o a=b argv=x -o c=d", "a=b;"},
};

static void finds_overrides(void **state)
{
    struct str text = {0}, got = {0}, name = {0}, why = {0};
    const char *value;

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(overrides); i++) {
        struct master_cf m = {0};
        size_t next = 0;
        str_setf(&text, "a unix - - n - - pipe %s\n", overrides[i].args);
        str_clear(&got);
        assert_true(parse(&m, str_text(&text), &why));
        while (master_cf_next_override(m.services.items[0], &next, &name, &value))
            str_addf(&got, "%s=%s;", str_text(&name), value);
        assert_string_equal(str_text(&got), overrides[i].want);
        master_cf_done(&m);
    }
    str_done(&text);
    str_done(&got);
    str_done(&name);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(reads_lines),
        cmocka_unit_test(refuses_bad_lines),
        cmocka_unit_test(last_of_two_wins),
        cmocka_unit_test(finds_overrides),
    };
    log_add_sink(remember, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
