/* postqueue: what anybody may do with the queue: list it, and ask for delivery. See postqueue(1).
 *
 * Set-group-ID: it may connect to the services in public/, and nothing else. Messages are printed as
 * they come from showq, so a long queue takes neither memory nor a wait.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <sysexits.h>
#include <time.h>
#include <unistd.h>

#include "base/json.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/net.h"
#include "base/stream.h"
#include "config/config.h"
#include "daemon/logging.h"
#include "dns/dns.h"
#include "ipc/client.h"
#include "mail/flush_client.h"
#include "mail/user_acl.h"
#include "queue/qid.h"

enum mode { NO_MODE = 0, FLUSH = 'f', FLUSH_ID = 'i', LIST_JSON = 'j', LIST = 'p', FLUSH_SITE = 's' };

enum { REASON_END = 76, TIMEOUT_MS = 3600 * 1000 };

static void usage(void) NORETURN;
static void usage(void)
{
    fatal("usage: postqueue -f | postqueue -i queueid | postqueue -j | postqueue -p | postqueue -s site");
}

/* --- who may --- */

static void check_user(const char *parameter, const char *patterns, const char *what)
{
    uid_t uid = getuid();
    const char *name;

    if (uid == 0 || uid == config_ids.owner_uid)
        return;
    if (!user_acl_has(parameter, patterns, uid, &name))
        fatal("User %s(%ld) is not allowed to %s the mail queue", name, (long) uid, what);
}

/* --- the list as it is received --- */

/* The NUL-terminated text that comes next; false: there is no more. */
static bool next_text(struct stream *s, struct str *text)
{
    const char *bytes;
    size_t n;

    str_clear(text);
    while ((n = stream_peek(s, &bytes)) > 0) {
        const char *nul = memchr(bytes, 0, n);
        size_t len = nul == NULL ? n : (size_t) (nul - bytes);
        str_add(text, bytes, len);
        stream_consume(s, nul == NULL ? n : len + 1);
        if (nul != NULL)
            return true;
    }
    return false;
}

struct message {
    struct str queue, id, sender;
    long arrival, size, forced_expire;
};

struct recipient {
    struct str original, address, log_class, reason;
};

/* How a message is shown. */
struct format {
    void (*message)(const struct message *m);
    void (*recipient)(const struct message *m, const struct recipient *r);
    void (*message_end)(void);
    void (*end)(void);
};

/* --- as text --- */

/* Short and long queue ids have columns of their own. */
static const struct {
    const char *head, *row;
    int indent;
} columns[] = {
    {"-Queue ID-  --Size-- ----Arrival Time---- -Sender/Recipient-------\n", "%-11s %7ld %20.20s %s\n", 41},
    {"----Queue ID----- --Size-- ---Arrival Time---- --Sender/Recipient------\n", "%-17s %8ld %19.19s %s\n", 47},
};

static unsigned long message_count, total_bytes;
static struct str reason_shown; /* in this message */

static void text_message(const struct message *m)
{
    static const char *const marks[][2] = {{"active", "*"}, {"hold", "!"}};
    struct str id = {0};
    time_t arrival = m->arrival;
    const char *date = ctime(&arrival);

    if (message_count++ == 0)
        fputs(columns[conf.enable_long_queue_ids].head, stdout);
    total_bytes += (unsigned long) m->size;
    str_set(&id, str_text(&m->id));
    for (size_t i = 0; i < ARRAY_SIZE(marks); i++)
        if (strcmp(str_text(&m->queue), marks[i][0]) == 0)
            str_adds(&id, marks[i][1]);
    if (m->forced_expire != 0)
        str_addc(&id, '#');
    printf(columns[conf.enable_long_queue_ids].row, str_text(&id), m->size, date == NULL ? "" : date,
        str_text(&m->sender));
    str_clear(&reason_shown);
    str_done(&id);
}

static void text_recipient(const struct message *m, const struct recipient *r)
{
    (void) m;
    if (strcmp(str_text(&r->reason), str_text(&reason_shown)) != 0) {
        const char *reason = r->reason.len == 0 ? "reason unavailable" : str_text(&r->reason);
        int room = REASON_END - (int) strlen(reason);
        printf("%*s(%s)\n", room > 0 ? room : 0, "", reason);
        str_set(&reason_shown, str_text(&r->reason));
    }
    printf("%*s%s\n", columns[conf.enable_long_queue_ids].indent, "", str_text(&r->address));
}

static void text_message_end(void)
{
    putchar('\n');
}

static void text_end(void)
{
    if (message_count == 0)
        puts("Mail queue is empty");
    else
        printf("-- %lu Kbytes in %lu Request%s.\n", total_bytes / 1024, message_count, message_count == 1 ? "" : "s");
}

static const struct format as_text = {text_message, text_recipient, text_message_end, text_end};

/* --- as JSON, one object a line (RFC 8259) --- */

static void json_string(const char *name, const char *text)
{
    struct str quoted = {0};

    json_add_string(&quoted, text);
    printf("\"%s\": %s", name, str_text(&quoted));
    str_done(&quoted);
}

static bool has_recipient;

static void json_message(const struct message *m)
{
    putchar('{');
    json_string("queue_name", str_text(&m->queue));
    fputs(", ", stdout);
    json_string("queue_id", str_text(&m->id));
    printf(", \"arrival_time\": %ld, \"message_size\": %ld, \"forced_expire\": %s, ", m->arrival, m->size,
        m->forced_expire != 0 ? "true" : "false");
    json_string("sender", str_text(&m->sender));
    fputs(", \"recipients\": [", stdout);
    has_recipient = false;
}

static void json_recipient(const struct message *m, const struct recipient *r)
{
    (void) m;
    fputs(has_recipient ? ", {" : "{", stdout);
    has_recipient = true;
    if (r->original.len > 0) {
        json_string("orig_address", str_text(&r->original));
        fputs(", ", stdout);
    }
    json_string("address", str_text(&r->address));
    if (r->reason.len > 0) {
        fputs(", ", stdout);
        json_string(strcmp(str_text(&r->log_class), "bounce") == 0 ? "bounce_reason" : "delay_reason",
            str_text(&r->reason));
    }
    putchar('}');
}

static void json_message_end(void)
{
    fputs("]}\n", stdout);
}

static void json_end(void)
{
}

static const struct format as_json = {json_message, json_recipient, json_message_end, json_end};

/* --- from one to the other --- */

struct field {
    const char *name;
    struct str *text;
    long *number;
};

static void store(const struct field *fields, size_t count, const char *name, const char *value)
{
    for (size_t i = 0; i < count; i++)
        if (strcmp(fields[i].name, name) == 0) {
            if (fields[i].text != NULL)
                str_set(fields[i].text, value);
            else
                *fields[i].number = atol(value);
        }
}

/* One attribute list. False: it is the empty one at the end. */
static bool show_message(struct stream *s, const struct format *format)
{
    struct message m = {0};
    struct recipient r = {0};
    struct str name = {0}, value = {0};
    const struct field fields[] = {{"queue_name", &m.queue, NULL}, {"queue_id", &m.id, NULL},
        {"sender", &m.sender, NULL}, {"time", NULL, &m.arrival}, {"size", NULL, &m.size},
        {"forced_expire", NULL, &m.forced_expire}, {"original_recipient", &r.original, NULL},
        {"recipient", &r.address, NULL}, {"log_class", &r.log_class, NULL}, {"reason", &r.reason, NULL}};
    bool is_message = false;

    for (;;) {
        if (!next_text(s, &name))
            fatal("malformed answer from the %s service", conf.showq_service_name);
        if (name.len == 0)
            break;
        if (!next_text(s, &value))
            fatal("malformed answer from the %s service", conf.showq_service_name);
        is_message = true;
        store(fields, ARRAY_SIZE(fields), str_text(&name), str_text(&value));
        if (strcmp(str_text(&name), "sender") == 0)
            format->message(&m);
        else if (strcmp(str_text(&name), "reason") == 0)
            format->recipient(&m, &r);
    }
    if (is_message)
        format->message_end();
    for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
        if (fields[i].text != NULL)
            str_done(fields[i].text);
    str_done(&name);
    str_done(&value);
    return is_message;
}

static void skip_greeting(struct stream *s)
{
    struct str text = {0};

    while (next_text(s, &text) && text.len > 0)
        ;
    str_done(&text);
}

/* showq by itself, with its output to us, for root when there is nobody to ask. */
static int run_showq(pid_t *pid)
{
    char *path = mem_printf("%s/showq", conf.daemon_directory);
    int ends[2];

    if (pipe(ends) < 0 || (*pid = fork()) < 0)
        fatal("run %s: %m", path);
    if (*pid == 0) {
        dup2(ends[1], STDOUT_FILENO);
        close(ends[0]);
        close(ends[1]);
        execl(path, "showq", "-u", "-S", (char *) NULL);
        fatal("execute %s: %m", path);
    }
    close(ends[1]);
    mem_free(path);
    return ends[0];
}

static int connect_showq(pid_t *pid)
{
    char *path = mem_printf("public/%s", conf.showq_service_name);
    int fd = net_connect_unix(path, clock_after(conf.trigger_timeout * 1000));
    int cause = errno;

    mem_free(path);
    if (fd >= 0)
        return fd;
    if (geteuid() == 0) {
        log_warn("Mail system is down -- accessing queue directly (Connect to the %s %s service: %s)", conf.mail_name,
            conf.showq_service_name, strerror(cause));
        return run_showq(pid);
    }
    if (cause == ECONNREFUSED || cause == ENOENT)
        fatal("Queue report unavailable - mail system is down (Connect to the %s %s service: %s)", conf.mail_name,
            conf.showq_service_name, strerror(cause));
    fatal("Connect to the %s %s service: %s", conf.mail_name, conf.showq_service_name, strerror(cause));
}

static void list(const struct format *format)
{
    struct stream s;
    pid_t pid = 0;
    int status;

    check_user("authorized_mailq_users", conf.authorized_mailq_users, "view");
    stream_init(&s, connect_showq(&pid), TIMEOUT_MS);
    skip_greeting(&s);
    while (show_message(&s, format))
        ;
    format->end();
    stream_done(&s);
    if (fflush(stdout) != 0)
        fatal("output write error: %m");
    if (pid != 0 && (waitpid(pid, &status, 0) < 0 || status != 0))
        fatal("Error running %s/showq", conf.daemon_directory);
}

/* --- asking for delivery --- */

static void wake(const char *service, const char *letters)
{
    char *path = mem_printf("public/%s", service);

    if (!client_trigger(path, letters)) {
        if (errno != ECONNREFUSED)
            log_warn("unable to look up %s: %m", path);
        fatal("Cannot flush mail queue - mail system is down");
    }
    mem_free(path);
}

static void flush_all(void)
{
    wake(conf.queue_service_name, "FADI"); /* forget what is dead, whatever the time, in deferred and incoming */
    wake(conf.pickup_service_name, "F");
}

static void flush_id(const char *id)
{
    if (!qid_is_valid(id))
        fatal("Cannot flush queue ID - invalid name: \"%.100s%s\"", id, strlen(id) > 100 ? "..." : "");
    switch (flush_send_file(id)) {
    case FLUSH_OK:
        return;
    case FLUSH_BAD:
    case FLUSH_DENY:
        fatal("Cannot flush queue ID - invalid name: \"%s\"", id);
    case FLUSH_FAIL:
        fatal("Cannot flush mail queue - mail system is down");
    }
}

static void flush_site(const char *site)
{
    const char *bad = site + strcspn(site, " \t\r\n/<>@");

    if (*bad != 0 || (*site != '[' && !dns_name_is_valid(site)))
        fatal("Cannot flush mail queue - invalid destination: \"%.100s%s\"", site, strlen(site) > 100 ? "..." : "");
    switch (flush_send_site(site)) {
    case FLUSH_OK:
        return;
    case FLUSH_BAD:
        fatal("Cannot flush mail queue - invalid destination: \"%s\"", site);
    case FLUSH_DENY:
        fatal("Flush service is not configured for destination \"%s\"", site);
    case FLUSH_FAIL:
        fatal("Cannot flush mail queue - mail system is down");
    }
}

static void set_mode(enum mode *mode, enum mode wanted)
{
    if (*mode != NO_MODE)
        usage();
    *mode = wanted;
}

int main(int argc, char **argv)
{
    enum mode mode = NO_MODE;
    const char *argument = NULL;
    int c;

    log_set_tag("postqueue");
    log_set_fatal_status(EX_UNAVAILABLE);
    while ((c = getopt(argc, argv, "+c:fi:jps:v")) > 0) {
        switch (c) {
        case 'c': config_set_dir(optarg); break;
        case 'v': log_verbose += geteuid() == getuid() && getuid() == 0; break;
        case 'f': case 'j': case 'p': set_mode(&mode, (enum mode) c); break;
        case 'i': case 's': set_mode(&mode, (enum mode) c); argument = optarg; break;
        default: usage();
        }
    }
    if (mode == NO_MODE || optind < argc)
        usage();
    config_load("postqueue", "postqueue");
    if (chdir(conf.queue_directory) < 0)
        fatal("chdir %s: %m", conf.queue_directory);
    logging_open("postqueue", LOGGING_COMMAND);
    if (mode != LIST && mode != LIST_JSON)
        check_user("authorized_flush_users", conf.authorized_flush_users, "flush");
    switch (mode) {
    case FLUSH: flush_all(); break;
    case FLUSH_ID: flush_id(argument); break;
    case FLUSH_SITE: flush_site(argument); break;
    case LIST: list(&as_text); break;
    case LIST_JSON: list(&as_json); break;
    case NO_MODE: break;
    }
    return 0;
}
