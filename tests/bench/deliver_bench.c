/* deliver_bench.c: a qmgr that knows one message, for trying out and measuring a delivery agent.
 *
 * deliver_bench [-j] [-q] [-f flags] [-n count] [-c concurrency] [-s size] [-e encoding] [-S sendopts] AGENT NEXTHOP
 * RECIPIENT...
 *
 * MAIL_CONFIG names the configuration; its queue directory must exist. The agent is started as
 * master would start it, and gets the same request count times; the bounce, defer and trace
 * services are played here. -j: the message is in the journal, else in a queue file. Prints outcomes, and what the
 * agent used.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/net.h"
#include "base/task.h"
#include "config/config.h"
#include "ipc/mux.h"
#include "mail/delivery.h"
#include "queue/journal.h"
#include "queue/record.h"

enum { LISTEN_FD = 6, SERVICES = 3 };
static const char *const services[SERVICES] = {"private/bounce", "private/defer", "private/trace"};

static long count = 1, started, ended, concurrency = 1;
static size_t size = 4096;
static struct delivery delivery;
static struct mux *mux;
static pid_t agent;
static bool is_quiet, is_in_journal;
static const char *sender = "sender@example.com";

/* --- the message --- */

static void stored(void *arg, uint64_t seq, const struct location *where, bool ok)
{
    (void) arg;
    (void) seq;
    if (!ok)
        fatal("the message was not stored");
    delivery.where = *where;
}

static void store(const struct str *image)
{
    struct str why = {0};
    struct journal *j = journal_open(&why);

    if (j == NULL)
        fatal("%s", str_text(&why));
    journal_append(j, delivery.queue_id, image->data, image->len, stored, NULL);
    journal_commit(j);
}

static void write_message(const char *path)
{
    static char line[61];
    struct str head = {0}, body = {0}, all = {0}, why = {0};

    memset(line, 'x', sizeof(line) - 1);
    record_adds(&body, REC_LINE, "Received: from here");
    record_adds(&body, REC_LINE, "Subject: a test");
    record_addf(&body, REC_LINE, "From: Sender <%s>", sender);
    record_adds(&body, REC_LINE, "");
    record_adds(&body, REC_LINE, ".a line with a dot");
    if (strcmp(delivery.encoding, "8bit") == 0)
        record_adds(&body, REC_LINE, "gr\xc3\xbc\xc3\x9f");
    while (body.len < size)
        record_adds(&body, REC_LINE, line);
    record_addf(&head, REC_SIZE, "%15ld %15ld %15d %15d %15ld %15d", (long) body.len, 0L, 1, 0, (long) body.len, 0);
    record_adds(&head, REC_TIME, "1700000000 0");
    record_adds(&head, REC_SENDER, sender);
    for (size_t i = 0; i < delivery.recipient_count; i++)
        record_adds(&head, REC_RECIPIENT, delivery.recipients[i].address);
    record_adds(&head, REC_MESSAGE, "");
    str_add(&all, head.data, head.len);
    str_add(&all, body.data, body.len);
    record_adds(&all, REC_EXTRACTED, "");
    record_adds(&all, REC_END, "");
    delivery.data_offset = head.len;
    delivery.data_size = delivery.content_size = body.len;
    delivery.where = (struct location){.path = path, .length = all.len};
    if (is_in_journal)
        store(&all);
    else if (!file_replace(path, all.data, all.len, 0700, &why))
        fatal("%s", str_text(&why));
}

/* --- the services --- */

static void accept_report(struct request *r)
{
    struct str reply = {0};
    size_t n;
    const char *p = request_head(r, &n), *end = p + n;
    struct attrs list;

    if (!is_quiet && attrs_parse(&p, end, &list))
        for (size_t i = 0; i < list.count; i++)
            printf("    %s=%s\n", list.item[i].name, list.item[i].value);
    attr_put_long(&reply, "status", 0);
    attr_end(&reply);
    request_reply(r, &reply);
    str_done(&reply);
}

static const struct mux_handler service_handler = {.request = accept_report};

static void service_client(void *arg)
{
    int fd = accept(*(int *) arg, NULL, NULL);

    if (fd >= 0)
        mux_new_server(fd, &service_handler, NULL);
}

static int listen_at(const char *path)
{
    struct net_addr a;
    struct str why = {0};

    net_unix(&a, path);
    int fd = net_listen(&a, 1000, &why);
    if (fd < 0)
        fatal("%s", str_text(&why));
    return fd;
}

/* --- requests --- */

static void ended_one(void *arg, const char *reply, size_t n);

static void start_more(void)
{
    struct str head = {0};

    while (started < count && started - ended < concurrency) {
        str_clear(&head);
        delivery.handed_over = clock_wall();
        delivery_put(&head, &delivery);
        struct call *c = call_start(mux, &head, ended_one, NULL);
        call_end(c);
        started++;
    }
    str_done(&head);
}

static void ended_one(void *arg, const char *reply, size_t n)
{
    (void) arg;
    ended++;
    if (reply == NULL || !delivery_get_result(reply, n, &delivery))
        fatal("the agent is gone, or does not answer with a result");
    for (size_t i = 0; i < delivery.recipient_count && !is_quiet; i++)
        printf("%s: %s\n", delivery.recipients[i].address,
            delivery.recipients[i].outcome == OUTCOME_DONE ? "done" : "deferred");
    if (!is_quiet && *delivery.hop.status != 0)
        printf("hop: %s %s\n", delivery.hop.status, delivery.hop.reason);
    start_more();
    if (ended == count)
        loop_stop();
}

static void connect_to_agent(void *arg)
{
    static const struct mux_handler handler;
    int fd = net_connect_unix("private/bench", clock_after(10000));

    (void) arg;
    if (fd < 0)
        fatal("connect to the agent: %m");
    mux = mux_new_client(fd, &handler, NULL);
    start_more();
}

static void run_agent(const char *path, int fd)
{
    const char *name = strrchr(path, '/');

    agent = fork();
    if (agent != 0)
        return;
    dup2(fd, LISTEN_FD);
    execl(path, name == NULL ? path : name + 1, "-n", "bench", "-t", "unix", "-V", "-s", "1", (char *) NULL);
    _exit(127);
}

static void report(msec elapsed)
{
    struct rusage used;
    int status;

    kill(agent, SIGTERM);
    wait4(agent, &status, 0, &used);
    double cpu = (double) (used.ru_utime.tv_sec + used.ru_stime.tv_sec) +
                 (double) (used.ru_utime.tv_usec + used.ru_stime.tv_usec) / 1e6;
    printf("%ld deliveries in %.2f s: %.0f a second; agent: %.1f microseconds of CPU each (%.1f user), %.2f switches\n",
        count, (double) elapsed / 1000, (double) count * 1000 / (double) (elapsed > 0 ? elapsed : 1),
        cpu * 1e6 / (double) count,
        ((double) used.ru_utime.tv_sec * 1e6 + (double) used.ru_utime.tv_usec) / (double) count,
        (double) (used.ru_nvcsw + used.ru_nivcsw) / (double) count);
}

static void read_options(int argc, char **argv)
{
    int c;

    delivery.encoding = "7bit";
    while ((c = getopt(argc, argv, "c:e:f:jn:qr:s:S:")) > 0)
        switch (c) {
        case 'c':
            concurrency = atol(optarg);
            break;
        case 'e':
            delivery.encoding = optarg;
            break;
        case 'f':
            delivery.flags = atoi(optarg);
            break;
        case 'j':
            is_in_journal = true;
            break;
        case 'n':
            count = atol(optarg);
            break;
        case 'q':
            is_quiet = true;
            break;
        case 'r':
            sender = optarg;
            break;
        case 's':
            size = (size_t) atol(optarg);
            break;
        case 'S':
            delivery.sendopts = atoi(optarg);
            break;
        default:
            exit(64);
        }
    if (argc - optind < 3)
        fatal("usage: deliver_bench [options] agent nexthop recipient...");
}

static void set_delivery(int argc, char **argv)
{
    delivery.queue_id = "BENCH0";
    delivery.queue = "active";
    delivery.nexthop = argv[optind + 1];
    delivery.sender = sender;
    delivery.recipient_count = (size_t) (argc - optind - 2);
    delivery.recipients = calloc(delivery.recipient_count, sizeof(*delivery.recipients));
    for (size_t i = 0; i < delivery.recipient_count; i++)
        delivery.recipients[i].address = argv[optind + 2 + (int) i];
    delivery.arrival = delivery.active = clock_wall();
}

int main(int argc, char **argv)
{
    int fds[SERVICES];
    char *program;

    read_options(argc, argv);
    set_delivery(argc, argv);
    program = realpath(argv[optind], NULL);
    config_load("smtp", "smtp");
    if (program == NULL || chdir(conf.queue_directory) < 0)
        fatal("%s, %s: %m", argv[optind], conf.queue_directory);
    mkdir("private", 0755);
    mkdir("active", 0755);
    mkdir("journal", 0755);
    write_message("active/BENCH0");
    int fd = listen_at("private/bench");
    run_agent(program, fd);
    for (int i = 0; i < SERVICES; i++) {
        fds[i] = listen_at(services[i]);
        loop_watch_readable(fds[i], service_client, &fds[i]);
    }
    clock_tick();
    msec begin = clock_now();
    task_start(connect_to_agent, NULL);
    loop_run();
    clock_tick();
    report(clock_now() - begin);
    return 0;
}
