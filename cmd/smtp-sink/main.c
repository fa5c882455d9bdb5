/* smtp-sink: takes mail over SMTP or LMTP and throws it away, counts it, or keeps copies.
 *
 * The far end of tests and benchmarks: it answers as fast as it can, or as badly as it is told to.
 *
 *   smtp-sink [options] [inet:][host]:port backlog
 *   smtp-sink [options] unix:pathname backlog
 *
 * The options are those of Postfix's program of this name. Of our own:
 *
 *   -g         count messages that have a DKIM-Signature header
 *   -i file    keep the counts in this file as one JSON object, at most 10 ms behind
 *   -k number  listen at this many consecutive IPv4 addresses, the first of which is host
 *   -y file    append the Message-ID of each message to this file
 *   -z         start by giving every RCPT the soft reply; SIGUSR1 ends that, SIGUSR2 begins it again
 */
#include <errno.h>
#include <grp.h>
#include <netdb.h>
#include <netinet/tcp.h>
#include <pwd.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <syslog.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/task.h"
#include "base/words.h"
#include "sink.h"

struct sink_options sink_options = {
    .hostname = "smtp-sink",
    .soft_reply = "450 4.3.0 Error: command failed",
    .hard_reply = "500 5.3.0 Error: command failed",
    .timeout = 100 * 1000,
    .abort_delay = -1,
};

/* What only the start needs. */
static struct {
    const char *user, *root, *counts_file, *record_file;
    int family, window;
    long address_count, max_open;
} start = {.family = AF_UNSPEC, .address_count = 1, .max_open = 256};

static struct vec listeners; /* struct listener */

struct listener {
    int fd;
    struct watch *watch;
};

static void usage(void)
{
    fprintf(stderr, "usage: smtp-sink [-468aCceEFgLNpPvz] [-A abort_delay] [-b soft_bounce_reply] "
                    "[-B hard_bounce_reply] [-d dump-template] [-D dump-template] [-f commands] [-h hostname] "
                    "[-H delay] [-i counts_file] [-k addresses] [-m max_concurrency] [-M messages] [-n sessions] "
                    "[-q commands] [-Q commands] [-r commands] [-R root-dir] [-s commands] [-S start-string] "
                    "[-t timeout] [-T windowsize] [-u user_privs] [-w delay] [-W command:delay[:odds]] "
                    "[-y record_file] [host]:port backlog\n");
    exit(1);
}

static long number(const char *text, long min)
{
    long value;

    if (!words_to_long(text, &value) || value < min)
        usage();
    return value;
}

/* Call set for the plan of each verb in a list. */
static void each_verb(const char *list, void (*set)(struct verb_plan *plan))
{
    char *text = mem_strdup(list), *cursor = text, *word;

    while ((word = words_next(&cursor, ", \t\r\n")) != NULL) {
        enum verb verb = smtp_sink_session_verb(word, strlen(word));
        if (verb == VERB_UNKNOWN)
            fatal("unknown SMTP command: %s", word);
        set(&sink_options.plans[verb]);
    }
    mem_free(text);
}

static void set_soft(struct verb_plan *plan) { plan->refuse_soft = true; }
static void set_hard(struct verb_plan *plan) { plan->refuse_hard = true; }
static void set_hang_up(struct verb_plan *plan) { plan->hang_up = true; }
static void set_421(struct verb_plan *plan) { plan->say_421 = true; }
static void set_log(struct verb_plan *plan) { plan->log = true; }

/* "command:delay[:odds]" */
static void set_delay(const char *argument)
{
    char *text = mem_strdup(argument), *delay = strchr(text, ':'), *odds = NULL;

    if (delay == NULL)
        usage();
    *delay++ = 0;
    if ((odds = strchr(delay, ':')) != NULL)
        *odds++ = 0;
    enum verb verb = smtp_sink_session_verb(text, strlen(text));
    if (verb == VERB_UNKNOWN)
        fatal("unknown SMTP command: %s", text);
    sink_options.plans[verb].delay = number(delay, 0) * 1000;
    sink_options.plans[verb].odds = odds == NULL ? 0 : (int) number(odds, 1);
    mem_free(text);
}

/* C escapes, in place. */
static char *unescape(char *text)
{
    static const char names[] = "abfnrtv\\", values[] = "\a\b\f\n\r\t\v\\";
    char *to = text;

    for (const char *from = text; *from != 0;) {
        if (*from != '\\' || from[1] == 0) {
            *to++ = *from++;
            continue;
        }
        const char *name = strchr(names, *++from);
        if (name != NULL) {
            *to++ = values[name - names];
            from++;
            continue;
        }
        int value = 0, digits = 0;
        for (; digits < 3 && *from >= '0' && *from <= '7'; digits++)
            value = value * 8 + *from++ - '0';
        *to++ = digits > 0 ? (char) value : *from++;
    }
    *to = 0;
    return text;
}

static void parse_options(int argc, char **argv)
{
    struct sink_options *o = &sink_options;
    int c;

    while ((c = getopt(argc, argv, "468aA:b:B:cCd:D:eEf:Fgh:H:i:k:Lm:M:n:NpPq:Q:r:R:s:S:t:T:u:vw:W:y:z")) != -1) {
        switch (c) {
        case '4': start.family = AF_INET; break;
        case '6': start.family = AF_INET6; break;
        case '8': o->no_8bitmime = true; break;
        case 'a': o->no_auth = true; break;
        case 'A': o->abort_delay = number(optarg, 0) * 1000; break;
        case 'b': o->soft_reply = optarg; break;
        case 'B': o->hard_reply = optarg; break;
        case 'c': o->shows_counters = true; break;
        case 'C': o->no_xclient = true; break;
        case 'd': o->one_file_template = optarg; break;
        case 'D': o->shared_file_template = optarg; break;
        case 'e': o->no_esmtp = true; break;
        case 'E': o->no_codes = true; break;
        case 'f': each_verb(optarg, set_hard); o->no_pipelining = true; break;
        case 'F': o->no_xforward = true; break;
        case 'g': o->counts_signatures = true; break;
        case 'h': o->hostname = optarg; break;
        case 'H': o->data_read_delay = number(optarg, 0) * 1000; break;
        case 'i': start.counts_file = optarg; break;
        case 'k': start.address_count = number(optarg, 1); break;
        case 'L': o->is_lmtp = true; break;
        case 'm': start.max_open = number(optarg, 1); break;
        case 'M': o->max_messages = number(optarg, 1); break;
        case 'n': o->max_sessions = number(optarg, 1); break;
        case 'N': o->no_dsn = true; break;
        case 'p': o->no_pipelining = true; break;
        case 'P': o->is_pix = o->no_esmtp = true; break;
        case 'q': each_verb(optarg, set_hang_up); break;
        case 'Q': each_verb(optarg, set_421); break;
        case 'r': each_verb(optarg, set_soft); o->no_pipelining = true; break;
        case 'R': start.root = optarg; break;
        case 's': each_verb(optarg, set_log); openlog("smtp-sink", LOG_PID, LOG_MAIL); break;
        case 'S': o->start_text = unescape(optarg); break;
        case 't': o->timeout = number(optarg, 1) * 1000; break;
        case 'T': start.window = (int) number(optarg, 1); break;
        case 'u': start.user = optarg; break;
        case 'v': o->is_verbose = true; break;
        case 'w': o->plans[VERB_DATA].delay = number(optarg, 0) * 1000; break;
        case 'W': set_delay(optarg); break;
        case 'y': start.record_file = optarg; break;
        case 'z': o->is_deferring = true; break;
        default: usage();
        }
    }
    if (argc - optind != 2 || (o->one_file_template != NULL && o->shared_file_template != NULL))
        usage();
    if (geteuid() == 0 && start.user == NULL)
        fatal("-u option is required when running as root");
}

/* --- connections --- */

static void end_session(struct sink_session *s)
{
    stream_done(&s->stream);
    str_done(&s->helo);
    str_done(&s->mail);
    str_done(&s->rcpts);
    str_done(&s->message);
    mem_free(s);
    sink_counts.open--;
    smtp_sink_stats_changed();
    if (sink_counts.open == start.max_open - 1)
        for (size_t i = 0; i < listeners.count; i++)
            loop_watch_pause(((struct listener *) listeners.items[i])->watch, false);
    if (sink_options.max_sessions > 0 && sink_counts.sessions >= sink_options.max_sessions && sink_counts.open == 0)
        loop_stop();
}

static void session_task(void *arg)
{
    smtp_sink_session_run(arg);
    end_session(arg);
}

static void begin_session(int fd, const struct net_addr *peer)
{
    struct sink_session *s = mem_zalloc(sizeof(*s));
    int on = 1;

    if (peer->sa.sa_family != AF_UNIX)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    stream_init(&s->stream, fd, sink_options.timeout);
    s->peer = *peer;
    sink_counts.sessions++;
    if (++sink_counts.open > sink_counts.peak)
        sink_counts.peak = sink_counts.open;
    smtp_sink_stats_changed();
    task_start(session_task, s);
}

static bool is_full(void)
{
    return sink_counts.open >= start.max_open ||
        (sink_options.max_sessions > 0 && sink_counts.sessions >= sink_options.max_sessions);
}

static void accept_clients(void *arg)
{
    struct listener *l = arg;

    while (!is_full()) {
        struct net_addr peer = {.len = sizeof(peer) - offsetof(struct net_addr, sa)};
        int fd = accept4(l->fd, &peer.sa, &peer.len, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (fd >= 0)
            begin_session(fd, &peer);
        else if (errno == EAGAIN)
            return;
        else if (errno != ECONNABORTED && errno != EINTR)
            fatal("accept: %m");
    }
    for (size_t i = 0; i < listeners.count; i++)
        loop_watch_pause(((struct listener *) listeners.items[i])->watch, true);
}

static void listen_at(const struct net_addr *addr, int backlog)
{
    struct str why = {0};
    struct listener *l = mem_zalloc(sizeof(*l));

    l->fd = net_listen(addr, backlog, &why);
    if (l->fd < 0)
        fatal("%s", str_text(&why));
    if (start.window > 0)
        setsockopt(l->fd, SOL_SOCKET, SO_RCVBUF, &start.window, sizeof(start.window));
    l->watch = loop_watch_readable(l->fd, accept_clients, l);
    vec_add(&listeners, l);
}

static void listen_at_host(const char *host, const char *port, int backlog)
{
    struct addrinfo hints = {.ai_family = start.family, .ai_socktype = SOCK_STREAM, .ai_flags = AI_PASSIVE}, *found;

    int error = getaddrinfo(host[0] == 0 ? NULL : host, port, &hints, &found);
    if (error != 0)
        fatal("%s:%s: %s", host, port, gai_strerror(error));
    for (struct addrinfo *a = found; a != NULL; a = a->ai_next) {
        struct net_addr addr = {.len = a->ai_addrlen};
        memcpy(&addr.sa, a->ai_addr, a->ai_addrlen);
        for (long i = 0; i < start.address_count; i++) {
            listen_at(&addr, backlog);
            if (a->ai_family == AF_INET)
                addr.in.sin_addr.s_addr = htonl(ntohl(addr.in.sin_addr.s_addr) + 1);
            else
                break;
        }
    }
    freeaddrinfo(found);
}

/* "[inet:][host]:port", "unix:pathname" */
static void listen_as_told(const char *where, int backlog)
{
    struct net_addr addr;

    if (strncmp(where, "unix:", 5) == 0) {
        if (!net_unix(&addr, where + 5))
            fatal("path too long: %s", where + 5);
        listen_at(&addr, backlog);
        return;
    }
    char *host = mem_strdup(strncmp(where, "inet:", 5) == 0 ? where + 5 : where), *port = strrchr(host, ':');
    if (port == NULL)
        usage();
    *port++ = 0;
    char *name = host;
    if (name[0] == '[' && strlen(name) > 1 && name[strlen(name) - 1] == ']') {
        name[strlen(name) - 1] = 0;
        name++;
    }
    listen_at_host(name, port, backlog);
    mem_free(host);
}

/* --- the process --- */

static void drop_privileges(void)
{
    struct passwd *pw = start.user == NULL ? NULL : getpwnam(start.user);

    if (start.user != NULL && pw == NULL)
        fatal("unknown user: %s", start.user);
    if (start.root != NULL && (chroot(start.root) < 0 || chdir("/") < 0))
        fatal("chroot(%s): %m", start.root);
    if (pw != NULL && geteuid() == 0 &&
        (initgroups(pw->pw_name, pw->pw_gid) < 0 || setgid(pw->pw_gid) < 0 || setuid(pw->pw_uid) < 0))
        fatal("become user %s: %m", start.user);
}

static void caught(int sig)
{
    if (sig == SIGUSR1 || sig == SIGUSR2)
        sink_options.is_deferring = sig == SIGUSR2;
    else
        loop_stop();
}

int main(int argc, char **argv)
{
    static const int signals[] = {SIGUSR1, SIGUSR2, SIGTERM, SIGINT, SIGHUP};
    struct rlimit files;

    log_set_tag("smtp-sink");
    signal(SIGPIPE, SIG_IGN);
    parse_options(argc, argv);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    listen_as_told(argv[optind], (int) number(argv[optind + 1], 0));
    if (start.counts_file != NULL)
        smtp_sink_stats_open(start.counts_file);
    if (start.record_file != NULL)
        smtp_sink_stats_record(start.record_file);
    drop_privileges();
    srandom((unsigned) getpid() ^ (unsigned) time(NULL));
    for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
        loop_on_signal(signals[i], caught);
    loop_run();
    smtp_sink_stats_flush();
    return 0;
}
