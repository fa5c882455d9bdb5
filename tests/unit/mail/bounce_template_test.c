#include "mail/bounce_template.h"

#include "base/log.h"
#include "config/config.h"
#include "tests/unit/test.h"

static struct str logged;

static void keep(void *context, const struct log_line *lines, size_t count)
{
    (void) context;
    for (size_t i = 0; i < count; i++)
        str_addf(&logged, "%s\n", lines[i].text);
}

/* What a file makes of the failure template, and of the success template. NULL: as built in. */
static const struct {
    const char *what, *file, *charset, *from, *subject, *postmaster_subject, *text, *log, *why;
} files[] = {
    {"all there is",
        "# comment\n\n  # another\nfailure_template = <<END\ncharset: utf-8\nFROM:a\nSubject :\tb  \nPostmaster-Subject: c\n\n \n"
        "t\303\244xt $$\n\n END\nEND\n", "utf-8", "a", "b  ", "c", "t\303\244xt $$\n\n END\n", "", NULL},
    {"no headers", "failure_template=<<E\n\n\ntext: that looks like one\nE\n", NULL, NULL, NULL, NULL,
        "text: that looks like one\n", "", NULL},
    {"text at once", "failure_template = text\n", NULL, NULL, NULL, NULL, "text\n", "", NULL},
    {"twice: the last one counts", "failure_template = <<E\nSubject: a\n\nx\nE\nfailure_template = <<E\nSubject: b\n\ny\nE\n", NULL,
        NULL, "b", NULL, "y\n", "", NULL},
    {"NUL ends a line", NULL, NULL, NULL, NULL, NULL, "a\nb\n", "", NULL},
    {"no end", "failure_template = <<E F\n\nx\nE", NULL, NULL, NULL, NULL, "x\nE\n", "warning: f.cf, line 5: missing \"E F\" end marker\n",
        NULL},
    {"no text", "failure_template = <<E\nSubject: x\n\nE\n", NULL, NULL, NULL, NULL, NULL,
        "warning: f.cf: missing message text in failure template -- ignoring this template\n", NULL},
    {"unknown header", "failure_template = <<E\nX-Foo: x\n\nx\nE\n", NULL, NULL, NULL, NULL, NULL,
        "warning: f.cf: unknown \"X-Foo\" header label in failure template -- ignoring this template\n", NULL},
    {"empty header", "failure_template = <<E\nfrom: \n\nx\nE\n", NULL, NULL, NULL, NULL, NULL,
        "warning: f.cf: empty \"From\" header value in failure template -- ignoring this template\n", NULL},
    {"8-bit header", "failure_template = <<E\nSubject: \303\244\n\nx\nE\n", NULL, NULL, NULL, NULL, NULL,
        "warning: f.cf: non-ASCII \"Subject\" header value in failure template -- ignoring this template\n", NULL},
    {"8-bit text", "failure_template = <<E\n\n\303\244\nE\n", NULL, NULL, NULL, NULL, NULL,
        "warning: f.cf: 8-bit message text in failure template\nwarning: please specify a charset value other than us-ascii\n"
        "warning: -- ignoring this template for now\n", NULL},
    {"a header that nobody would read", "success_template = <<E\nPostmaster-Subject: x\n\nx\nE\n", NULL, NULL, NULL, NULL, NULL,
        "warning: f.cf: inapplicable \"Postmaster-Subject\" header label in success template -- ignoring this template\n", NULL},
    {"unknown template", "foo_template = <<E\nx\nE\n", NULL, NULL, NULL, NULL, NULL,
        "warning: f.cf, line 4: unknown template name: foo_template -- ignoring this template\n", NULL},
    {"not a setting", "failure_template = <<E\n\nx\nE\nfoo\n", NULL, NULL, NULL, NULL, NULL, "",
        "f.cf, line 6: missing '=' after attribute name: \"foo\""},
    {"no name", " = x\n", NULL, NULL, NULL, NULL, NULL, "", "f.cf, line 2: missing attribute name: \"= x\""},
    {"no mark", "failure_template = <<\n", NULL, NULL, NULL, NULL, NULL, "", "f.cf, line 2: missing end marker after <<"},
};

static const char with_nul[] = "failure_template = <<E\n\na\0x\nb\nE\n";

static void check(const char *what, const char *is, const char *want)
{
    if (strcmp(is, want) != 0)
        fail_msg("%s: \"%s\" instead of \"%s\"", what, is, want);
}

static const char *or_built_in(const char *want, const char *built_in)
{
    return want != NULL ? want : built_in;
}

static void files_are_read(void **state)
{
    struct bounce_templates built_in = {0};

    (void) state;
    bounce_template_init(&built_in);
    const struct bounce_template *b = &built_in.of[BOUNCE_TEMPLATE_FAILURE];
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        struct bounce_templates t = {0};
        struct str why = {0};
        const char *text = or_built_in(files[i].file, with_nul);
        size_t n = files[i].file != NULL ? strlen(text) : sizeof(with_nul) - 1;
        bounce_template_init(&t);
        str_clear(&logged);
        if (bounce_template_parse(&t, "f.cf", text, n, &why) != (files[i].why == NULL))
            fail_msg("%s: accepted or not: %s", files[i].what, str_text(&why));
        const struct bounce_template *f = &t.of[BOUNCE_TEMPLATE_FAILURE];
        check(files[i].what, f->charset, or_built_in(files[i].charset, b->charset));
        check(files[i].what, f->from, or_built_in(files[i].from, b->from));
        check(files[i].what, f->subject, or_built_in(files[i].subject, b->subject));
        check(files[i].what, f->postmaster_subject, or_built_in(files[i].postmaster_subject, b->postmaster_subject));
        check(files[i].what, f->text, or_built_in(files[i].text, b->text));
        check(files[i].what, t.of[BOUNCE_TEMPLATE_SUCCESS].subject, built_in.of[BOUNCE_TEMPLATE_SUCCESS].subject);
        check(files[i].what, str_text(&logged), files[i].log);
        check(files[i].what, str_text(&why), or_built_in(files[i].why, ""));
        str_done(&why);
        bounce_template_done(&t);
    }
    bounce_template_done(&built_in);
}

static const struct {
    const char *text, *want, *log, *why;
} texts[] = {
    {"$myhostname ${mydomain} $(mydomain) $$\n", "mta.example example example $\n", "", ""},
    {"${mydomain?yes} ${nope:no} ${mydomain?{a}:{b}}\n", "yes no a\n", "", ""},
    {"$delay_warning_time_hours $delay_warning_time_minutes $maximal_queue_lifetime_days\n", "1 90 5\n", "", ""},
    {"$delay_warning_time_days", "0\n",
        "warning: f.cf: zero result in failure template conversion of parameter \"delay_warning_time_days\"\n"
        "warning: please reduce time unit \"days\" of \"delay_warning_time_days\" in failure template\n"
        "warning: for instructions see the bounce(5) manual\n", ""},
    {"${maximal_queue_lifetime_minutes}\n", "7200\n",
        "warning: f.cf: excessive result \"7200\" in failure template conversion of parameter \"maximal_queue_lifetime_minutes\"\n"
        "warning: please increase time unit \"minutes\" of \"maximal_queue_lifetime_minutes\" in failure template\n"
        "warning: for instructions see the bounce(5) manual\n", ""},
    {"a\nb $nope\n", NULL, "", "f.cf: undefined $name in failure template: b $nope"},
    {"a $ b\n", NULL, "warning: empty macro name: \"a $ b\"\n", "f.cf: bad $name syntax in failure template: a $ b"},
    {"$delay_warning_time_foo\n", NULL, "",
        "f.cf: unrecognized suffix \"foo\" in parameter \"delay_warning_time_foo\""},
};

static void texts_are_expanded(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(texts); i++) {
        const struct bounce_template t = {.name = "failure", .origin = "f.cf", .text = texts[i].text};
        struct str out = {0}, why = {0};
        str_clear(&logged);
        if (bounce_template_expand(&t, &out, &why) != (texts[i].want != NULL))
            fail_msg("\"%s\": expanded or not: %s", texts[i].text, str_text(&why));
        if (texts[i].want != NULL)
            check(texts[i].text, str_text(&out), texts[i].want);
        check(texts[i].text, str_text(&logged), texts[i].log);
        check(texts[i].text, str_text(&why), texts[i].why);
        str_done(&out);
        str_done(&why);
    }
}

/* What is printed is a file that says the same. */
static void what_is_printed_can_be_read(void **state)
{
    struct bounce_templates t = {0}, again = {0};
    struct str out = {0}, out2 = {0}, why = {0};

    (void) state;
    bounce_template_init(&t);
    bounce_template_print(&t, &out);
    bounce_template_init(&again);
    assert_true(bounce_template_parse(&again, "f.cf", str_text(&out), out.len, &why));
    assert_string_equal(again.of[BOUNCE_TEMPLATE_VERIFY].origin, "f.cf");
    bounce_template_print(&again, &out2);
    assert_string_equal(str_text(&out), str_text(&out2));
    str_clear(&out);
    assert_true(bounce_template_print_expanded(&t, &out, &why));
    assert_memory_equal(str_text(&out), "expanded_failure_text = <<EOF\nThis is the mail system at host mta.example.\n", 75);
    str_done(&out);
    str_done(&out2);
    bounce_template_done(&t);
    bounce_template_done(&again);
}

static void the_sender_has_the_old_form_on_demand(void **state)
{
    struct bounce_templates t = {0};

    (void) state;
    conf.header_from_format = "obsolete";
    bounce_template_init(&t);
    assert_string_equal(t.of[BOUNCE_TEMPLATE_DELAY].from, "MAILER-DAEMON (Mail Delivery System)");
    conf.header_from_format = "standard";
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_read), cmocka_unit_test(texts_are_expanded),
        cmocka_unit_test(what_is_printed_can_be_read), cmocka_unit_test(the_sender_has_the_old_form_on_demand),
    };

    conf.myhostname = "mta.example";
    conf.mydomain = "example";
    conf.header_from_format = "standard";
    conf.delay_warning_time = 90 * 60;
    conf.maximal_queue_lifetime = 5 * 86400;
    log_add_sink(keep, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
