/* smtp-source: sends mail over SMTP or LMTP, over many sessions at once.
 *
 * The near end of tests and benchmarks.
 *
 *   smtp-source [options] [inet:]host[:port]
 *   smtp-source [options] unix:pathname
 *
 * The options are those of Postfix's program of this name; it says EHLO and falls back to HELO.
 * Of our own:
 *
 *   -a mode      pipelining: none (default), envelope (MAIL, RCPT, DATA in one write), full (and the
 *                next envelope behind the final dot)
 *   -b count     messages a connection; 0: no limit, as -d. Without -d and -b it is 1
 *   -D count     recipients are u0@d0.example, u1@d1.example ..., over so many domains
 *   -e addr[/n]  connect from n consecutive IPv4 addresses (default 1), session by session
 *   -i           idle: open the sessions, say hello, print "ready", and hold them until a signal comes
 *   -j file      statistics at the end, as one JSON object; times are CLOCK_MONOTONIC
 *   -k file      append the Message-ID of each message that was answered 250 to this file
 *   -x seconds   give up after this time
 *
 * With -A a refused message, a lost connection and a refused connect are counted, and the next message
 * is sent; the exit status is then 1 if any message was not accepted.
 */
#include <netdb.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/task.h"
#include "base/words.h"
#include "source.h"

struct source_options source_options = {
    .client_count = 1, .message_count = 1, .session_count = 1, .recipient_count = 1, .per_connection = 1,
    .body_bytes = 4 * (72 + 2), .connect_tries = 1, .timeout = 300 * 1000,
};

/* What only the start needs. */
static struct {
    const char *file, *statistics_file, *record_file;
    int family;
    msec time_limit;
    long sessions_running, sessions_started;
} start = {.family = AF_UNSPEC};

static void usage(void)
{
    fprintf(stderr, "usage: smtp-source [-46AcdiLNov] [-a none|envelope|full] [-b count] [-C tries] [-D domains] "
                    "[-e address[/count]] [-f from] [-F file] [-j statistics_file] [-k record_file] [-l length] "
                    "[-m messages] [-M myhostname] [-r recipients] [-R interval] [-s sessions] [-S subject] [-t to] "
                    "[-T windowsize] [-w interval] [-x seconds] host[:port]\n");
    exit(1);
}

static long number(const char *text, long min)
{
    long value;

    if (!words_to_long(text, &value) || value < min)
        usage();
    return value;
}

static enum pipelining pipelining_mode(const char *name)
{
    static const char *const names[] = {"none", "envelope", "full"};

    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (strcmp(name, names[i]) == 0)
            return (enum pipelining) i;
    usage();
    return PIPELINE_NONE;
}

/* "address[/count]" */
static void set_client_addresses(const char *argument)
{
    char *text = mem_strdup(argument), *count = strchr(text, '/');

    if (count != NULL)
        *count++ = 0;
    if (!net_parse(&source_options.client, text, 0) || source_options.client.sa.sa_family != AF_INET)
        fatal("bad client address: %s", text);
    source_options.client_count = count == NULL ? 1 : number(count, 1);
    mem_free(text);
}

static void parse_options(int argc, char **argv)
{
    struct source_options *o = &source_options;
    int c;

    while ((c = getopt(argc, argv, "46a:Ab:cC:dD:e:f:F:ij:k:l:Lm:M:Nor:R:s:S:t:T:vw:x:")) != -1) {
        switch (c) {
        case '4': start.family = AF_INET; break;
        case '6': start.family = AF_INET6; break;
        case 'a': o->pipelining = pipelining_mode(optarg); break;
        case 'A': o->is_patient = true; break;
        case 'b': o->per_connection = number(optarg, 0); break;
        case 'c': o->shows_counter = true; break;
        case 'C': o->connect_tries = number(optarg, 1); break;
        case 'd': o->per_connection = 0; break;
        case 'D': o->domain_count = number(optarg, 1); break;
        case 'e': set_client_addresses(optarg); break;
        case 'f': o->sender = optarg; break;
        case 'F': start.file = optarg; break;
        case 'i': o->is_idle = true; break;
        case 'j': start.statistics_file = optarg; break;
        case 'k': start.record_file = optarg; break;
        case 'l': o->body_bytes = number(optarg, 1); break;
        case 'L': o->is_lmtp = true; break;
        case 'm': o->message_count = number(optarg, 1); break;
        case 'M': o->myhostname = optarg; break;
        case 'N': o->numbers_recipients = true; break;
        case 'o': o->is_old = true; break;
        case 'r': o->recipient_count = number(optarg, 1); break;
        case 'R': o->random_pause = number(optarg, 0) * 1000; break;
        case 's': o->session_count = number(optarg, 1); break;
        case 'S': o->subject = optarg; break;
        case 't': o->recipient = optarg; break;
        case 'T': o->window = (int) number(optarg, 1); break;
        case 'v': o->is_verbose = true; break;
        case 'w': o->fixed_pause = number(optarg, 0) * 1000; break;
        case 'x': start.time_limit = number(optarg, 1) * 1000; break;
        default: usage();
        }
    }
    if (argc - optind != 1)
        usage();
}

static void fill_in_addresses(void)
{
    static char host[256];

    if (source_options.myhostname == NULL) {
        if (gethostname(host, sizeof(host) - 1) < 0)
            fatal("gethostname: %m");
        source_options.myhostname = host;
    }
    if (source_options.sender == NULL)
        source_options.sender = mem_printf("foo@%s", source_options.myhostname);
    if (source_options.recipient == NULL)
        source_options.recipient = mem_printf("foo@%s", source_options.myhostname);
}

/* The lines of a file become CRLF lines with their dots doubled (RFC 5321 4.5.2). */
static void read_message_file(const char *path)
{
    struct str text = {0}, why = {0}, *out = &source_options.file;

    if (!file_read(path, &text, &why))
        fatal("%s", str_text(&why));
    for (const char *line = str_text(&text), *end = line + text.len; line < end;) {
        const char *lf = memchr(line, '\n', (size_t) (end - line));
        size_t n = (size_t) ((lf == NULL ? end : lf) - line);
        if (n > 0 && line[0] == '.')
            str_addc(out, '.');
        str_add(out, line, n);
        str_adds(out, "\r\n");
        line += n + 1;
    }
    str_done(&text);
}

static void find_host(const char *host, const char *port)
{
    struct addrinfo hints = {.ai_family = start.family, .ai_socktype = SOCK_STREAM}, *found;

    int error = getaddrinfo(host, port, &hints, &found);
    if (error != 0)
        fatal("%s:%s: %s", host, port, gai_strerror(error));
    source_options.server.len = found->ai_addrlen;
    memcpy(&source_options.server.sa, found->ai_addr, found->ai_addrlen);
    freeaddrinfo(found);
}

/* "[inet:]host[:port]", "[v6 address]:port", "unix:pathname" */
static void find_server(const char *where)
{
    if (strncmp(where, "unix:", 5) == 0) {
        if (!net_unix(&source_options.server, where + 5))
            fatal("path too long: %s", where + 5);
        return;
    }
    char *text = mem_strdup(strncmp(where, "inet:", 5) == 0 ? where + 5 : where), *host = text, *port = NULL;
    char *bracket = text[0] == '[' ? strchr(text, ']') : NULL;
    if (bracket != NULL) {
        host = text + 1;
        *bracket = 0;
        port = bracket[1] == ':' ? bracket + 2 : NULL;
    } else if ((port = strrchr(text, ':')) != NULL)
        *port++ = 0;
    find_host(host, port == NULL ? "smtp" : port);
    mem_free(text);
}

/* --- the process --- */

static void session_task(void *arg)
{
    smtp_source_session_run(arg);
    mem_free(arg);
    if (--start.sessions_running == 0)
        loop_stop();
}

/* Not all at once: a server's listen queue is only so long. */
static void start_sessions(void *arg)
{
    enum { AT_ONCE = 64 };

    (void) arg;
    while (start.sessions_started < source_options.session_count) {
        struct source_session *s = mem_zalloc(sizeof(*s));
        s->index = start.sessions_started++;
        task_start(session_task, s);
        if (start.sessions_started % AT_ONCE == 0)
            task_sleep(1);
    }
}

static void stop(int sig)
{
    (void) sig;
    loop_stop();
}

static void time_is_up(void *arg)
{
    (void) arg;
    loop_stop();
}

int main(int argc, char **argv)
{
    struct timer limit = {.fire = time_is_up};
    struct rlimit files;

    log_set_tag("smtp-source");
    signal(SIGPIPE, SIG_IGN);
    parse_options(argc, argv);
    fill_in_addresses();
    if (start.file != NULL)
        read_message_file(start.file);
    find_server(argv[optind]);
    if (start.record_file != NULL)
        smtp_source_report_record(start.record_file);
    if (getrlimit(RLIMIT_NOFILE, &files) == 0) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    srandom((unsigned) getpid() ^ (unsigned) time(NULL));
    smtp_source_message_prepare();
    if (source_options.session_count > source_options.message_count && !source_options.is_idle)
        source_options.session_count = source_options.message_count;
    start.sessions_running = source_options.session_count;
    if (start.time_limit > 0)
        timer_set(&limit, clock_after(start.time_limit));
    loop_on_signal(SIGTERM, stop);
    loop_on_signal(SIGINT, stop);
    smtp_source_report_begin();
    task_start(start_sessions, NULL);
    loop_run();
    return smtp_source_report_end(start.statistics_file) || source_options.is_idle ? 0 : 1;
}
