#include "cmd/postconf/lint.h"

#include <stdio.h>

#include "base/log.h"
#include "cmd/postconf/old_names.h"
#include "tests/unit/test.h"

static struct str logged;

static void remember(void *context, const struct log_line *lines, size_t count)
{
    (void) context;
    for (size_t i = 0; i < count; i++)
        str_addf(&logged, "%s\n", lines[i].text);
}

#define W(file) "warning: " file ": "
static const struct {
    const char *what, *main_cf, *master_cf, *want;
} cases[] = {
    {"all known", "myhostname = a.b\n", "", ""},
    {"never used", "foo = 1\n", "", W("main") "unused parameter: foo=1\n"},
    {"used by a parameter", "foo = 1\nmyhostname = $foo\n", "", ""},
    {"used in a branch", "foo = 1\nmyhostname = ${e?{x}:{a${foo}}}\ne =\n", "", ""},
    {"used by what is not used", "foo = 1\nbar = $foo\n", "", W("main") "unused parameter: bar=$foo\n"},
    {"sorted", "b = 1\nc = 1\na = 1\n", "",
        W("main") "unused parameter: a=1\n" W("main") "unused parameter: b=1\n" W("main") "unused parameter: c=1\n"},
    {"nowhere", "myhostname = $foo\n", "", W("main") "undefined parameter: foo\n"},
    {"nowhere, twice", "myhostname = $foo\nmydomain = ${foo}\n", "",
        W("main") "undefined parameter: foo\n" W("main") "undefined parameter: foo\n"},
    {"not expanded", "mailbox_command = $foo $bar\nfoo = 1\n", "", W("main") "unused parameter: foo=1\n"},
    {"escaped", "myhostname = $$foo\n", "", ""},
    {"a function", "mydomain = ${domain_to_ascii{$foo}}\nfoo = x\n", "", ""},
    {"named by a default", "virtual_maps = x\n", "",
        W("main") "support for parameter \"virtual_maps\" will be removed; instead, specify \"virtual_alias_maps\"\n"},
    {"a restriction class", "smtpd_restriction_classes = ca, cb\nca = reject\ncb = $x\nx = 1\n", "", ""},
    {"settings of a table", "alias_maps = ldap:l, hash:h\nl_bind_dn = x\nl_foo = y\nh_bind = z\n", "",
        W("main") "unused parameter: h_bind=z\n" W("main") "unused parameter: l_foo=y\n"},
    {"settings of a table behind a proxy", "alias_maps = unionmap:{proxy:pgsql:p,static:x}\np_hosts = x\n", "", ""},
    {"settings in a file", "alias_maps = ldap:/no/file ldap:/no/file\n/no/file_bind = x\n", "",
        "warning: open \"ldap\" configuration \"/no/file\": No such file or directory\n" W("main")
        "unused parameter: /no/file_bind=x\n"},
    {"a directory", "alias_maps = mysql:/\n", "", "warning: open \"mysql\" configuration \"/\": not a regular file\n"},
    {"a table by a macro", "alias_maps = ldap:$t\nt = l\nl_bind = x\n", "", ""},
    {"a table in braces", "alias_maps = {ldap:l} inline:{a=ldap:m}\nl_bind = x\nm_bind = x\n", "",
        W("main") "unused parameter: m_bind=x\n"},
    {"braces that do not fit", "alias_maps = {ldap:l}x {y\n", "",
        W("main.cf") "syntax error after '}' in \"{ldap:l}x\"\n" W("main.cf") "missing '}' in \"{y\"\n"},
    {"only in what is not used", "foo = ldap:l\nl_bind = x\n", "",
        W("main") "unused parameter: foo=ldap:l\n" W("main") "unused parameter: l_bind=x\n"},
    {"a class that is not there", "smtpd_restriction_classes = c, d\nd = permit\n", "",
        W("main") "undefined parameter: c\n"},
    {"a class for one service", "smtpd_restriction_classes = c\n", "s unix - - n - - smtpd -o c=permit\n", ""},
    {"a class of a class", "smtpd_restriction_classes = $list\nlist = c\nc = permit\n", "", ""},
    {"a transport's", "slow_destination_rate_delay = 1s\n", "slow unix - - n - - smtp\n", ""},
    {"no such transport", "slow_destination_rate_delay = 1s\n", "fast unix - - n - - smtp\n",
        W("main") "unused parameter: slow_destination_rate_delay=1s\n"},
    {"not a transport", "slow_recipient_limit = 1\n", "slow unix - - n - - smtpd\n",
        W("main") "unused parameter: slow_recipient_limit=1\n"},
    {"a command's time", "p_time_limit = 1\nq_time_limit = 1\n",
        "p unix - n n - - spawn\nq inet n n n - - spawn\n", ""},
    {"ours", "smtp_workers = 2\n", "smtp inet n - n - - smtpd\n", ""},
    {"-o not used", "", "s unix - - n - - smtpd -o foo=1\n", W("master") "unused parameter: foo=1\n"},
    {"-o used by -o", "", "s unix - - n - - smtpd -o foo=1 -o myhostname=$foo\n", ""},
    {"main.cf used by -o", "foo = 1\n", "s unix - - n - - smtpd -o myhostname=$foo\n", ""},
    {"-o hides main.cf", "foo = 1\n", "s unix - - n - - smtpd -o myhostname=$foo -o foo=2\n",
        W("main") "unused parameter: foo=1\n"},
    {"-o used by main.cf", "foo = 1\nmyhostname = $foo\n", "s unix - - n - - smtpd -o foo=2\n", ""},
    {"-o class", "", "s unix - - n - - smtpd -o smtpd_restriction_classes=c -o c=reject\n", ""},
    {"-o names nothing", "", "s unix - - n - - smtpd -o myhostname=$foo\n", W("master") "undefined parameter: foo\n"},
    {"syntax, of no effect", "foo = ${bar\n", "",
        "warning: truncated macro reference: \"${bar\"\n" W("main") "unused parameter: foo=${bar\n"},
    {"old names", "smtpd_use_tls = yes\nmydestination = a # b\n", "",
        W("main") "support for parameter \"smtpd_use_tls\" will be removed; "
                  "instead, specify \"smtpd_tls_security_level\"\n"
        W("main") "#comment after other text is not allowed: mydestination # b...\n"},
};

static void finds_what_leads_nowhere(void **state)
{
    const struct master_cf_defaults d = {0};
    struct str why = {0};

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
        struct main_cf main_cf = {0};
        struct master_cf master_cf = {0};
        struct postconf_catalog catalog;
        str_clear(&logged);
        assert_true(main_cf_parse(&main_cf, "main", cases[i].main_cf, strlen(cases[i].main_cf), &why));
        assert_true(master_cf_parse(&master_cf, "master", cases[i].master_cf, strlen(cases[i].master_cf), &d, &why));
        postconf_catalog_init(&catalog, &main_cf, &master_cf);
        struct postconf_lint lint = {.catalog = &catalog, .main_cf = &main_cf, .master_cf = &master_cf,
            .main_path = "main", .master_path = "master"};
        postconf_lint_find_users(&lint);
        postconf_lint_unused_main(&lint);
        postconf_old_names_warn(&main_cf, "main");
        postconf_old_names_warn_of_comments(&main_cf, "main");
        postconf_lint_unused_master(&lint);
        if (strcmp(str_text(&logged), cases[i].want) != 0)
            fail_msg("%s: \"%s\" instead of \"%s\"", cases[i].what, str_text(&logged), cases[i].want);
        postconf_lint_done(&lint);
        postconf_catalog_done(&catalog);
        master_cf_done(&master_cf);
        main_cf_done(&main_cf);
    }
    str_done(&logged);
    str_done(&why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(finds_what_leads_nowhere),
    };
    log_add_sink(remember, NULL);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
