#include "daemon/logging.h"

#include <regex.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/net.h"
#include "config/config.h"
#include "tests/unit/test.h"

static char dir[] = "/tmp/logging_test.XXXXXX";
static char log_file[64];

#define TIME "[A-Z][a-z]{2} [ 123][0-9] [0-9]{2}:[0-9]{2}:[0-9]{2} mta "

static void assert_matches(const char *text, const char *pattern)
{
    regex_t re;

    assert_int_equal(regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB), 0);
    if (regexec(&re, text, 0, NULL, 0) != 0)
        fail_msg("\"%s\" does not match %s", text, pattern);
    regfree(&re);
}

static const struct {
    const char *what, *program, *logtag;
    enum logging_for whom;
    const char *want;
} tags[] = {
    {"master", "master", NULL, LOGGING_MASTER, "^" TIME "postfix/master\\[[0-9]+\\]: warning: one\n$"},
    {"the tag that a script gives is for commands", "master", "x/y", LOGGING_MASTER, "^" TIME "postfix/master\\["},
};

static void lines_look_as_syslogd_would_write_them(void **state)
{
    (void) state;
    for (size_t i = 0; i < ARRAY_SIZE(tags); i++) {
        struct str text = {0}, why = {0};
        struct stat st;
        if (tags[i].logtag != NULL)
            setenv("MAIL_LOGTAG", tags[i].logtag, 1);
        logging_open(tags[i].program, tags[i].whom);
        log_warn("one");
        log_flush();
        assert_true(file_read(log_file, &text, &why));
        assert_matches(str_text(&text), tags[i].want);
        assert_int_equal(stat(log_file, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0640);
        unlink(log_file);
        logging_reopen_file();
        unsetenv("MAIL_LOGTAG");
        str_done(&text);
    }
}

static int bind_postlog(void)
{
    struct net_addr a;
    int fd = socket(AF_UNIX, SOCK_DGRAM, 0);

    assert_true(net_unix(&a, "public/postlog"));
    assert_int_equal(bind(fd, &a.sa, a.len), 0);
    return fd;
}

static void lines_of_a_turn_leave_together(void **state)
{
    int fd = bind_postlog();
    char datagram[1024] = "";

    (void) state;
    logging_open("smtpd", LOGGING_DAEMON);
    log_buffer(true);
    log_info("one");
    log_info("two");
    log_flush();
    log_buffer(false);
    assert_true(recv(fd, datagram, sizeof(datagram) - 1, MSG_DONTWAIT) > 0);
    assert_matches(datagram, "^" TIME "postfix/smtpd\\[[0-9]+\\]: one\n" TIME "postfix/smtpd\\[[0-9]+\\]: two\n$");
    assert_int_equal(recv(fd, datagram, sizeof(datagram), MSG_DONTWAIT), -1);
    close(fd);
    unlink("public/postlog");
}

static void without_postlogd_the_file_is_written(void **state)
{
    struct str text = {0}, why = {0};

    (void) state;
    logging_open("postsuper", LOGGING_DAEMON);
    log_info("alone");
    log_flush();
    assert_true(file_read(log_file, &text, &why));
    assert_matches(str_text(&text), "^" TIME "postfix/postsuper\\[[0-9]+\\]: alone\n$");
    str_done(&text);
}

static int set_up(void **state)
{
    (void) state;
    if (mkdtemp(dir) == NULL || chdir(dir) < 0)
        return -1;
    snprintf(log_file, sizeof(log_file), "%s/mail.log", dir);
    conf.maillog_file = log_file;
    conf.maillog_file_permissions = "0640";
    conf.syslog_facility = "mail";
    conf.syslog_name = "postfix";
    conf.myhostname = "mta.example.com";
    umask(0);
    return mkdir("public", 0700);
}

static int tear_down(void **state)
{
    (void) state;
    log_remove_sinks();
    unlink(log_file);
    return rmdir("public") < 0 || chdir("/") < 0 ? -1 : rmdir(dir);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(lines_look_as_syslogd_would_write_them), cmocka_unit_test(lines_of_a_turn_leave_together),
        cmocka_unit_test(without_postlogd_the_file_is_written),
    };

    return cmocka_run_group_tests(tests, set_up, tear_down);
}
