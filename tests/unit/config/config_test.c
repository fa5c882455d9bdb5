#include "config/config.h"

#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/log.h"
#include "tests/unit/test.h"

/* Users and a group that every system has, in place of postfix and postdrop. */
#define WHO "mail_owner = mail\nsetgid_group = adm\nmyhostname = host.example.com\n"

static char dir[] = "/tmp/config_test.XXXXXX";
static char main_cf[64], origin[64];

static void write_file(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

static void read_all(int fd, struct str *text)
{
    char buffer[4096];

    for (ssize_t n; (n = read(fd, buffer, sizeof(buffer))) > 0;)
        str_add(text, buffer, (size_t) n);
}

/* Load in a process of its own, which then runs show; its standard error and exit status. */
static int load(const char *program, const char *text, void (*show)(void), struct str *output)
{
    int fds[2], status;

    write_file(main_cf, text);
    str_clear(output);
    assert_int_equal(pipe(fds), 0);
    pid_t pid = fork();
    if (pid == 0) {
        close(fds[0]);
        dup2(fds[1], STDERR_FILENO);
        log_set_tag(program);
        config_set_dir(dir);
        config_load(program, "svc");
        if (show != NULL)
            show();
        _exit(0);
    }
    close(fds[1]);
    read_all(fds[0], output);
    close(fds[0]);
    waitpid(pid, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static const struct {
    const char *program, *setting;
    const char *message; /* what a fatal error says; NULL: all is well. DIR/main.cf is "@" */
} checks[] = {
    {"smtpd", "", NULL},
    {"smtpd", "smtpd_recipient_limit = x", "fatal: bad numerical configuration: smtpd_recipient_limit = x"},
    {"smtpd", "smtpd_recipient_limit = 5x", "fatal: bad numerical configuration: smtpd_recipient_limit = 5x"},
    {"smtpd", "smtpd_recipient_limit =", "fatal: bad numerical configuration: smtpd_recipient_limit = "},
    {"smtpd", "smtpd_recipient_limit = 99999999999",
        "fatal: bad numerical configuration: smtpd_recipient_limit = 99999999999"},
    {"smtpd", "smtpd_recipient_limit = 0", "fatal: invalid smtpd_recipient_limit parameter value 0 < 1"},
    {"qmgr", "default_delivery_slot_discount = 101",
        "fatal: invalid default_delivery_slot_discount parameter value 101 > 100"},
    {"qmgr", "qmgr_message_active_limit = $nothing", "fatal: bad numerical configuration: qmgr_message_active_limit = "},
    {"smtpd", "message_size_limit = x", "fatal: bad numerical configuration: message_size_limit = x"},
    {"smtpd", "message_size_limit = -1", NULL}, /* a minimum of 0 is none */
    {"smtpd", "smtpd_helo_required = maybe", "fatal: bad boolean configuration: smtpd_helo_required = maybe"},
    {"smtpd", "smtpd_helo_required = YES", NULL},
    {"smtpd", "ipc_timeout = 1y", "fatal: parameter ipc_timeout: bad time value or unit: 1y"},
    {"smtpd", "ipc_timeout = -1", "fatal: parameter ipc_timeout: bad time value or unit: -1"},
    {"smtpd", "ipc_timeout = 0", "fatal: invalid ipc_timeout: 0 (min 1)"},
    {"qmgr", "maximal_queue_lifetime = 101d", "fatal: invalid maximal_queue_lifetime: 8726400 (max 8640000)"},
    {"smtpd", "default_verp_delimiters = abc", "fatal: bad string length 3 > 2: default_verp_delimiters = abc"},
    {"smtpd", "myorigin =", "fatal: bad string length 0 < 1: myorigin = "},
    {"smtpd", "queue_directory = ${a", "fatal: dictionary mail_dict: macro processing error"},
    {"smtpd", "queue_directory = $queue_directory/x", "fatal: dictionary mail_dict: macro processing error"},
    {"smtpd", "foo bar", "fatal: @, line 4: missing '=' after attribute name: \"foo bar\""},
    /* what a program does not use cannot stop it */
    {"qmgr", "smtpd_recipient_limit = x", NULL},
    {"smtpd", "virtual_mailbox_base = ${a", NULL},
    {"smtpd", "a = $b\nb = $a", NULL},
    {"smtp", "lmtp_rset_timeout = x", NULL},
    {"lmtp", "smtp_rset_timeout = x", NULL},
    {"lmtp", "lmtp_rset_timeout = x", "fatal: parameter lmtp_rset_timeout: bad time value or unit: x"},
    {"virtual", "", "fatal: bad string length 0 < 1: virtual_mailbox_base = "},
    /* what makes no sense on this machine */
    {"smtpd", "myhostname = a..b", "fatal: file @: parameter myhostname: bad parameter value: a..b"},
    {"smtpd", "myhostname = -a.b", "fatal: file @: parameter myhostname: bad parameter value: -a.b"},
    {"smtpd", "myhostname = 1.2.3.4", "fatal: file @: parameter myhostname: bad parameter value: 1.2.3.4"},
    {"smtpd", "myhostname = a_b.c", NULL},
    {"smtpd", "mydomain = a b", "fatal: file @: parameter mydomain: bad parameter value: a b"},
    {"smtpd", "relayhost = Host.example.com",
        "fatal: myhostname and relayhost parameter settings must not be identical: host.example.com"},
    {"smtpd", "relayhost = [host.example.com]", NULL},
    {"smtpd", "mail_owner = nosuchuser", "fatal: file @: parameter mail_owner: unknown user name value: nosuchuser"},
    {"smtpd", "mail_owner = root", "fatal: file @: parameter mail_owner: user root has privileged user ID"},
    {"smtpd", "default_privs = mail",
        "fatal: file @: parameters default_privs and mail_owner specify the same user mail"},
    {"smtpd", "setgid_group = nosuchgroup", "fatal: file @: parameter setgid_group: unknown group name: nosuchgroup"},
    {"smtpd", "setgid_group = root", "fatal: file @: parameter setgid_group: group root has privileged group ID"},
    {"smtpd", "setgid_group = mail",
        "fatal: file @: parameters mail_owner and setgid_group: user mail and group mail have the same group ID"},
    {"smtpd", "compatibility_level = 3.6.x", "malformed compatibility level syntax: \"3.6.x\""},
    {"smtpd", "compatibility_level = 99", NULL},
    {"smtpd", "mynetworks_style = x", "fatal: unknown mynetworks mask style value \"x\" in \"x\""},
    {"smtpd", "inet_protocols = ipv5", "fatal: unknown inet_protocols value \"ipv5\" in \"ipv5\""},
    {"smtpd", "inet_interfaces = 203.0.113.77",
        "fatal: parameter inet_interfaces: no local interface found for 203.0.113.77"},
};

static void checks_values(void **state)
{
    struct str text = {0}, want = {0}, output = {0};

    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(checks); i++) {
        const char *message = checks[i].message == NULL ? "" : checks[i].message, *at = strchr(message, '@');
        str_setf(&text, WHO "%s\n", checks[i].setting);
        str_clear(&want);
        str_add(&want, message, at == NULL ? strlen(message) : (size_t) (at - message));
        if (at != NULL)
            str_addf(&want, "%s%s", main_cf, at + 1);
        int status = load(checks[i].program, str_text(&text), NULL, &output);
        if (status != (checks[i].message != NULL) || strstr(str_text(&output), str_text(&want)) == NULL)
            fail_msg("%s: %s: status %d, \"%s\" instead of \"%s\"", checks[i].program, checks[i].setting, status,
                str_text(&output), str_text(&want));
    }
    str_done(&text);
    str_done(&want);
    str_done(&output);
}

static const struct {
    const char *text;
    char unit;
    int want; /* -1: not a time */
} times[] = {
    {"0", 's', 0},
    {"10", 's', 10},
    {"10", 'm', 600},
    {"10", 'h', 36000},
    {"10s", 'd', 10},
    {"5m", 's', 300},
    {"2h", 's', 7200},
    {"3d", 's', 259200},
    {"1w", 's', 604800},
    {"5mm", 's', 300},
    {"5min", 's', 300},
    {"3550w", 's', 2147040000},
    {"3551w", 's', -1},
    {"2147483647", 's', 2147483647},
    {"2147483648", 's', -1},
    {"99999999999999999999", 's', -1},
    {"", 's', -1},
    {"s", 's', -1},
    {"-1", 's', -1},
    {"5y", 's', -1},
    {"5 m", 's', -1},
    {"5M", 's', -1},
};

static void reads_times(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
        int seconds = -1;
        bool ok = config_parse_time(times[i].text, times[i].unit, &seconds);
        if (ok != (times[i].want >= 0) || (ok && seconds != times[i].want))
            fail_msg("\"%s\" by %c: %d", times[i].text, times[i].unit, seconds);
    }
}

/* The rest runs in the child of load(), and tells what it sees. */
static void tell(const char *format, ...) PRINTF(1, 2);
static void tell(const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    vfprintf(stderr, format, ap);
    va_end(ap);
}

static void show_common(void)
{
    tell("%s %s %s %s\n", conf.myhostname, conf.mydomain, conf.myorigin, conf.mydestination);
    tell("%d %d %d %d\n", conf.smtpd_timeout, conf.delay_warning_time, conf.smtpd_helo_required,
        conf.smtpd_hard_error_limit);
    tell("%ld %s %s\n", conf.message_size_limit, conf.mail_version, conf._2bounce_notice_recipient);
    tell("%s %s\n", conf.forward_path, conf.service_name);
}

static void fills_conf_in(void **state)
{
    struct str output = {0};

    (void) state;
    load("smtpd", WHO "delay_warning_time = 4\nstress = yes\nsmtpd_helo_required = yes\n", show_common, &output);
    assert_string_equal(str_text(&output),
        "host.example.com example.com host.example.com host.example.com, localhost.example.com, localhost\n"
        "10 14400 1 1\n"
        "10240000 3.12-20260821 postmaster\n"
        "$home/.forward${recipient_delimiter}${extension}, $home/.forward svc\n");
    str_done(&output);
}

static void show_lmtp(void)
{
    tell("%s %d %s %s %d\n", conf.smtp_tcp_port, conf.smtp_rset_timeout, conf.smtp_helo_name,
        conf.smtp_discard_ehlo_keywords, conf.smtp_connect_timeout);
}

static void lmtp_has_its_own_half(void **state)
{
    static const char text[] = WHO "lmtp_rset_timeout = 7\nsmtp_rset_timeout = 8\nlmtp_lhlo_name = l\n"
                                   "lmtp_discard_lhlo_keywords = dsn\nsmtp_helo_name = s\n";
    struct str output = {0};

    (void) state;
    load("lmtp", text, show_lmtp, &output);
    assert_string_equal(str_text(&output), "24 7 l dsn 0\n");
    load("smtp", text, show_lmtp, &output);
    assert_string_equal(str_text(&output), "smtp 8 s  30\n");
    str_done(&output);
}

static void show_origin(void)
{
    tell("%s %s %s\n", conf.myorigin, conf.mydestination, config_get("myorigin"));
}

static void origin_may_be_a_file(void **state)
{
    struct str text = {0}, output = {0};

    (void) state;
    write_file(origin, "mail.example.org \nsecond\n");
    str_setf(&text, WHO "myorigin = %s\nmydestination = $myorigin\n", origin);
    assert_int_equal(load("smtpd", str_text(&text), show_origin, &output), 0);
    assert_string_equal(str_text(&output), "mail.example.org mail.example.org mail.example.org\n");
    str_setf(&text, WHO "myorigin = /nonexistent/mailname\n");
    assert_int_equal(load("smtpd", str_text(&text), NULL, &output), 1);
    assert_non_null(strstr(str_text(&output), "fatal: /nonexistent/mailname: cannot open file: No such file"));
    str_done(&text);
    str_done(&output);
}

static const char *extra(void *context, const char *name)
{
    return strcmp(name, "user") == 0 ? context : NULL;
}

static void show_lookups(void)
{
    struct str out = {0}, why = {0};

    tell("%s %s\n", config_get("my_class"), config_get("nothing") == NULL ? "NULL" : "?");
    tell("%d %d\n", config_is_set("my_class"), config_is_set("mydomain"));
    tell("%d %d %d\n", config_service_int("slow", "_destination_concurrency_limit", 20, 0),
        config_service_int("local", "_destination_concurrency_limit", 20, 0),
        config_service_int("smtp", "_destination_concurrency_limit", conf.default_destination_concurrency_limit, 0));
    tell("%d %s\n", config_service_time("slow", "_destination_rate_delay", 0, 0),
        config_service_str("slow", "_destination_concurrency_negative_feedback", "1"));
    tell("%d %d\n", config_level_below("3.6"), config_level_below("2"));
    bool ok = config_expand("<$user> $mydomain", extra, "$mydomain", &out, &why);
    tell("%d %s\n", ok, str_text(&out));
    tell("%d\n", config_expand("${x", NULL, NULL, &out, &why));
    tell("%d\n", config_expand("$loop", NULL, NULL, &out, &why));
    tell("%s\n", config_get("after"));
}

static void looks_up_other_names(void **state)
{
    struct str output = {0};

    (void) state;
    load("qmgr",
        WHO "my_class = reject $mydomain\nslow_destination_concurrency_limit = 3\nslow_destination_rate_delay = 2m\n"
            "compatibility_level = 2\nloop = $loop\nafter = fine\n",
        show_lookups, &output);
    assert_string_equal(str_text(&output),
        "reject example.com NULL\n1 0\n3 2 20\n120 1\n1 0\n1 <$mydomain> example.com\n0\n0\nfine\n");
    str_done(&output);
}

static void show_bad_service(void)
{
    config_service_int("slow", "_recipient_limit", 1, 1);
}

static void checks_service_parameters(void **state)
{
    struct str output = {0};

    (void) state;
    assert_int_equal(load("qmgr", WHO "slow_recipient_limit = 0\n", show_bad_service, &output), 1);
    assert_string_equal(
        str_text(&output), "qmgr: fatal: invalid slow_recipient_limit parameter value 0 < 1\n");
    str_done(&output);
}

static void show_reload(void)
{
    const char *before = conf.smtpd_banner;

    write_file(main_cf, WHO "smtpd_banner = $myhostname after\n");
    config_reload();
    tell("%s, %s\n", before, conf.smtpd_banner);
}

static void reads_again(void **state)
{
    struct str output = {0};

    (void) state;
    load("smtpd", WHO "smtpd_banner = $myhostname before\n", show_reload, &output);
    assert_string_equal(str_text(&output), "host.example.com before, host.example.com after\n");
    str_done(&output);
}

static int set_up(void **state)
{
    (void) state;
    if (mkdtemp(dir) == NULL)
        return -1;
    snprintf(main_cf, sizeof(main_cf), "%s/main.cf", dir);
    snprintf(origin, sizeof(origin), "%s/mailname", dir);
    config_override("smtpd_soft_error_limit", "$smtpd_hard_error_limit");
    return 0;
}

static int tear_down(void **state)
{
    (void) state;
    unlink(main_cf);
    unlink(origin);
    return rmdir(dir);
}

static void show_override(void)
{
    tell("%d\n", conf.smtpd_soft_error_limit);
}

static void overrides_win(void **state)
{
    struct str output = {0};

    (void) state;
    load("smtpd", WHO "smtpd_soft_error_limit = 3\nsmtpd_hard_error_limit = 9\n", show_override, &output);
    assert_string_equal(str_text(&output), "9\n");
    str_done(&output);
}

static const struct {
    const char *text, *why;
} settings[] = {
    {"stress=", NULL},
    {" a = b c ", NULL},
    {"a", "missing '=' after attribute name"},
    {"=b", "missing attribute name"},
};

static void takes_settings_apart(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(settings); i++) {
        char text[32];
        const char *why;
        snprintf(text, sizeof(text), "%s", settings[i].text);
        assert_int_equal(config_parse_override(text, &why), settings[i].why == NULL);
        if (settings[i].why != NULL)
            assert_string_equal(why, settings[i].why);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(checks_values),
        cmocka_unit_test(reads_times),
        cmocka_unit_test(fills_conf_in),
        cmocka_unit_test(lmtp_has_its_own_half),
        cmocka_unit_test(origin_may_be_a_file),
        cmocka_unit_test(looks_up_other_names),
        cmocka_unit_test(checks_service_parameters),
        cmocka_unit_test(reads_again),
        cmocka_unit_test(overrides_win),
        cmocka_unit_test(takes_settings_apart),
    };
    return cmocka_run_group_tests(tests, set_up, tear_down);
}
