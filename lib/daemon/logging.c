#include "daemon/logging.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <syslog.h>
#include <time.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/file.h"
#include "base/log.h"
#include "base/net.h"
#include "config/config.h"

#define SYSLOG_SOCKET "/dev/log"
#define POSTLOG_SOCKET "public/postlog"

enum {
    DATAGRAM_BYTES = 32 * 1024,  /* lines that go to postlogd in one piece */
    SEND_TIMEOUT_S = 5,
    BATCH = 64,                  /* lines to syslog in one call */
};

static char host[64]; /* first label of myhostname, as postlogd prints it */
static pid_t pid;     /* ours, as of logging_open(): asking costs a system call a line */
static int facility = LOG_MAIL;
static int syslog_fd = -1, postlog_fd = -1, file_fd = -1;

static const struct {
    const char *name;
    int code;
} facilities[] = {
    {"auth", LOG_AUTH}, {"authpriv", LOG_AUTHPRIV}, {"cron", LOG_CRON}, {"daemon", LOG_DAEMON},
    {"ftp", LOG_FTP}, {"kern", LOG_KERN}, {"lpr", LOG_LPR}, {"mail", LOG_MAIL}, {"news", LOG_NEWS},
    {"security", LOG_AUTH}, {"syslog", LOG_SYSLOG}, {"user", LOG_USER}, {"uucp", LOG_UUCP},
    {"local0", LOG_LOCAL0}, {"local1", LOG_LOCAL1}, {"local2", LOG_LOCAL2}, {"local3", LOG_LOCAL3},
    {"local4", LOG_LOCAL4}, {"local5", LOG_LOCAL5}, {"local6", LOG_LOCAL6}, {"local7", LOG_LOCAL7},
};

/* "Nov 22 02:29:28", formatted once a second. */
static const char *time_text(time_t when)
{
    static char text[32];
    static time_t shown;

    if (when != shown || text[0] == 0) {
        struct tm tm;
        localtime_r(&when, &tm);
        strftime(text, sizeof(text), "%b %e %H:%M:%S", &tm);
        shown = when;
    }
    return text;
}

static void add_line(struct str *out, const struct log_line *line)
{
    str_addf(out, "%s %s %s[%d]: %s\n", time_text(line->when), host, log_tag(), (int) pid, line->text);
}

/* --- syslog: one datagram a line, many in one system call --- */

static int connect_datagram(const char *path)
{
    struct sockaddr_un sun = {.sun_family = AF_UNIX};
    struct timeval limit = {.tv_sec = SEND_TIMEOUT_S};
    int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
    int buffer = 1024 * 1024;

    snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", path);
    if (fd < 0)
        return -1;
    setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &buffer, sizeof(buffer));
    setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &limit, sizeof(limit));
    if (connect(fd, (struct sockaddr *) &sun, sizeof(sun)) == 0)
        return fd;
    close(fd);
    return -1;
}

static int syslog_level(enum log_severity severity)
{
    static const int levels[] = {LOG_INFO, LOG_WARNING, LOG_ERR, LOG_CRIT, LOG_CRIT};

    return levels[severity];
}

static bool send_all(int *fd, const char *path, struct mmsghdr *messages, unsigned count)
{
    unsigned sent = 0;

    for (unsigned tries = 0; sent < count && tries < 2;) {
        if (*fd < 0 && (*fd = connect_datagram(path)) < 0)
            return false;
        int n = sendmmsg(*fd, messages + sent, count - sent, MSG_NOSIGNAL);
        if (n > 0) {
            sent += (unsigned) n;
            continue;
        }
        if (errno == EINTR)
            continue;
        close(*fd); /* the logger was restarted: connect anew, once */
        *fd = -1;
        tries++;
    }
    return sent == count;
}

static void sink_syslog(void *context, const struct log_line *lines, size_t count)
{
    struct str text = {0};
    struct mmsghdr messages[BATCH];
    struct iovec pieces[BATCH];
    size_t ends[BATCH];

    (void) context;
    for (size_t done = 0; done < count;) {
        unsigned n = 0;
        str_clear(&text);
        for (; n < BATCH && done < count; n++, done++) {
            str_addf(&text, "<%d>%s %s[%d]: %s", facility | syslog_level(lines[done].severity),
                time_text(lines[done].when), log_tag(), (int) pid, lines[done].text);
            ends[n] = text.len;
        }
        for (unsigned i = 0; i < n; i++) {
            size_t start = i == 0 ? 0 : ends[i - 1];
            pieces[i] = (struct iovec){.iov_base = text.data + start, .iov_len = ends[i] - start};
            messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &pieces[i], .msg_iovlen = 1}};
        }
        send_all(&syslog_fd, SYSLOG_SOCKET, messages, n);
    }
    str_done(&text);
}

/* --- the file itself --- */

/* The mode is as main.cf says, whatever the umask, which is master's. */
static int open_file(void)
{
    mode_t mask = umask(0);
    int fd = open(conf.maillog_file, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC,
        (mode_t) strtol(conf.maillog_file_permissions, NULL, 8));
    int cause = errno;

    umask(mask);
    errno = cause;
    return fd;
}

bool logging_write_file(const char *lines, unsigned long n)
{
    if (file_fd < 0)
        file_fd = open_file();
    if (file_fd < 0 && strcmp(conf.maillog_file, "/dev/stdout") == 0)
        file_fd = dup(STDOUT_FILENO); /* a socket or a pipe of another user cannot be opened by name */
    return file_fd >= 0 && file_write_all(file_fd, lines, n);
}

void logging_reopen_file(void)
{
    if (file_fd >= 0)
        close(file_fd);
    file_fd = -1;
}

static void sink_file(void *context, const struct log_line *lines, size_t count)
{
    struct str text = {0};

    (void) context;
    for (size_t i = 0; i < count; i++)
        add_line(&text, &lines[i]);
    if (!logging_write_file(str_text(&text), text.len))
        log_sink_stderr(NULL, lines, count);
    str_done(&text);
}

/* --- postlogd: many lines in one datagram --- */

static void send_lines(const struct str *text)
{
    struct iovec piece = {.iov_base = text->data, .iov_len = text->len};
    struct mmsghdr message = {.msg_hdr = {.msg_iov = &piece, .msg_iovlen = 1}};

    /* While the mail system is down there is no postlogd; who may, writes the file itself. */
    if (text->len > 0 && !send_all(&postlog_fd, POSTLOG_SOCKET, &message, 1))
        logging_write_file(text->data, text->len);
}

static void sink_postlog(void *context, const struct log_line *lines, size_t count)
{
    static struct str text; /* kept: this runs once per turn */

    (void) context;
    str_clear(&text);
    for (size_t i = 0; i < count; i++) {
        if (text.len + lines[i].len > DATAGRAM_BYTES) {
            send_lines(&text);
            str_clear(&text);
        }
        add_line(&text, &lines[i]);
    }
    send_lines(&text);
}

static void set_facility(void)
{
    for (size_t i = 0; i < ARRAY_SIZE(facilities); i++)
        if (strcmp(facilities[i].name, conf.syslog_facility) == 0) {
            facility = facilities[i].code;
            return;
        }
    fatal("file %s/main.cf: parameter syslog_facility: unrecognized value: %s", config_dir(), conf.syslog_facility);
}

/* What scripts log is shown as it is logged; a command speaks under its own short name. */
static bool is_script(const char *program)
{
    return strcmp(program, "postlog") == 0 || strcmp(program, "postfix-script") == 0;
}

void logging_open(const char *program, enum logging_for whom)
{
    const char *given = getenv("MAIL_LOGTAG");
    struct str tag = {0};

    pid = getpid();
    set_facility();
    log_allow_utf8(conf.smtputf8_enable);
    snprintf(host, sizeof(host), "%.*s", (int) strcspn(conf.myhostname, "."), conf.myhostname);
    if (whom == LOGGING_COMMAND && given != NULL && strchr(given, '/') != NULL)
        str_set(&tag, given);
    else
        str_setf(&tag, "%s/%s", conf.syslog_name, program);
    log_remove_sinks();
    log_set_tag(str_text(&tag));
    str_done(&tag);
    if (whom == LOGGING_COMMAND)
        log_add_sink(log_sink_stderr, (void *) (is_script(program) ? NULL : program));
    if (*conf.maillog_file == 0)
        log_add_sink(sink_syslog, NULL);
    else
        log_add_sink(whom == LOGGING_MASTER ? sink_file : sink_postlog, NULL);
}

/* --- when main.cf is wrong --- */

static const char *or_default(const char *value, const char *default_)
{
    return value == NULL ? default_ : value;
}

static void sink_early(void *context, const struct log_line *lines, size_t count)
{
    static bool is_ready;

    log_sink_stderr(context, lines, count);
    if (!is_ready) {
        const char *queue = config_get("queue_directory");
        if (queue == NULL || chdir(queue) < 0)
            return;
        is_ready = true;
        conf.maillog_file = or_default(config_get("maillog_file"), "");
        conf.maillog_file_permissions = or_default(config_get("maillog_file_permissions"), "0600");
        snprintf(host, sizeof(host), "%.*s", (int) strcspn(or_default(config_get("myhostname"), ""), "."),
            or_default(config_get("myhostname"), ""));
    }
    if (*conf.maillog_file == 0)
        sink_syslog(NULL, lines, count);
    else
        sink_postlog(NULL, lines, count);
}

void logging_open_early(const char *program)
{
    struct str tag = {0};

    pid = getpid();
    str_setf(&tag, "postfix/%s", program);
    log_remove_sinks();
    log_set_tag(str_text(&tag));
    log_add_sink(sink_early, NULL);
    str_done(&tag);
}
