/* qshape: whose mail waits, and how long it has: a table of domains and ages. See qshape(1).
 *
 * It reads queue files, and for the active queue the journal; so it must run as root or the mail owner.
 */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "cmd/qshape/count.h"
#include "cmd/qshape/table.h"
#include "config/config.h"
#include "queue/dirs.h"
#include "queue/envelope.h"
#include "queue/journal.h"

enum { USAGE_STATUS = 255, BUCKETS = 10, BUCKET_MINUTES = 5, MIN_CHILDREN = 5, WIDTH = 80, BATCH = 1000, TOP = 20 };

static const char *const usual_queues[] = {"incoming", "active", NULL};

struct view {
    struct qshape_counts counts;
    bool of_senders;                 /* -s */
    int width;
    long batch;                      /* on a terminal, show what there is after so many messages; 0: never */
    long top;                        /* and no more rows than that */
    bool is_terminal;
    unsigned long messages;
    time_t now;
};

static void usage(void) NORETURN;
static void usage(void)
{
    fputs("Usage: qshape [-s (senders)] [-p (parent domains, too)] [-m min_subdomains] [-l (linear ages)]\n"
          "\t[-b bucket_count] [-t bucket_time] [-w terminal_width]\n"
          "\t[-N batch_msg_count] [-n batch_top_domains]\n"
          "\t[-c config_directory] [queue_name ...]\n"
          "Addresses are counted by domain and by the age of their messages. The first of bucket_count columns\n"
          "has those that are less than bucket_time minutes old, each further one twice as much (with -l, as\n"
          "much again), the last one all that are older.\n",
        stderr);
    exit(USAGE_STATUS);
}

/* --- output --- */

static void show(struct view *v)
{
    static const char clear_screen[] = "\033[H\033[2J\033[3J";
    struct str text = {0};

    if (v->is_terminal && v->batch > 0)
        fputs(clear_screen, stdout);
    qshape_table_add(&text, &v->counts, v->width, v->is_terminal ? (size_t) v->top : 0);
    fputs(str_text(&text), stdout);
    if (fflush(stdout) != 0)
        fatal("output write error: %m");
    str_done(&text);
}

/* --- input --- */

static void count_message(struct view *v, const struct envelope *e)
{
    long age = v->now - e->arrival.tv_sec;

    if (v->of_senders)
        qshape_count_address(&v->counts, e->sender, age);
    for (size_t i = 0; !v->of_senders && i < e->recipient_count; i++)
        qshape_count_address(&v->counts, e->recipients[i].address, age);
    v->messages++;
    if (v->is_terminal && v->batch > 0 && v->messages % (unsigned long) v->batch == 0)
        show(v);
}

/* One that has gone meanwhile, or is not whole, does not count. */
static void read_message(struct view *v, const char *id, const struct location *where, bool is_submission)
{
    struct message_bytes m;
    struct arena a = {0};
    struct envelope e;
    struct str why = {0};

    if (message_open(id, where, &m, &why)) {
        bool ok = is_submission ? envelope_read_submission(&a, m.bytes, m.n, &e, &why)
                                : envelope_read(&a, m.bytes, m.n, 0, &e, NULL, &why);
        if (ok && message_is_current(id, where, &m))
            count_message(v, &e);
        message_close(&m);
    }
    arena_done(&a);
    str_done(&why);
}

static void read_from_journal(void *arg, const char *queue_id, const struct location *where)
{
    if (!queue_has("active", queue_id)) /* it is being settled, and was counted as a file */
        read_message(arg, queue_id, where, false);
}

static void read_queue(struct view *v, const char *queue)
{
    const char *slash = strrchr(queue, '/'), *name = slash == NULL ? queue : slash + 1, *id;
    struct queue_scan *scan = queue_scan_open(queue);
    struct str path = {0};
    struct stat st;

    if (scan == NULL)
        fprintf(stderr, "Can't stat %s: %s\n", queue, strerror(errno));
    while ((id = queue_scan_next(scan, &path)) != NULL) {
        struct location where = {.path = str_text(&path)};
        if (lstat(where.path, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & S_IXUSR) != 0)
            read_message(v, id, &where, strcmp(name, "maildrop") == 0);
    }
    queue_scan_close(scan);
    str_done(&path);
    if (strcmp(queue, "active") == 0)
        journal_scan(read_from_journal, v);
}

/* --- options: what is no number above zero means the usual --- */

static long number(const char *text, long usual)
{
    long n = atol(text);

    return n > 0 ? n : usual;
}

static void take_options(struct view *v, int argc, char **argv)
{
    long buckets = BUCKETS, minutes = BUCKET_MINUTES;
    bool is_linear = false;
    int c;

    while ((c = getopt(argc, argv, "+b:c:lm:N:n:pst:w:")) > 0)
        switch (c) {
        case 'b': buckets = number(optarg, BUCKETS); break;
        case 'c': config_set_dir(optarg); break;
        case 'l': is_linear = true; break;
        case 'm': v->counts.min_children = (unsigned long) number(optarg, MIN_CHILDREN); break;
        case 'N': v->batch = number(optarg, 0); break;
        case 'n': v->top = number(optarg, TOP); break;
        case 'p': v->counts.with_parents = true; break;
        case 's': v->of_senders = true; break;
        case 't': minutes = number(optarg, BUCKET_MINUTES); break;
        case 'w': v->width = (int) number(optarg, WIDTH); break;
        default: usage();
        }
    qshape_count_set_ages(&v->counts.ages, buckets, minutes, is_linear);
}

int main(int argc, char **argv)
{
    struct view v = {.width = WIDTH, .batch = BATCH, .top = TOP, .now = time(NULL)};

    log_set_tag("qshape");
    v.counts.min_children = MIN_CHILDREN;
    v.is_terminal = isatty(STDOUT_FILENO) == 1;
    take_options(&v, argc, argv);
    config_load("qshape", "qshape");
    if (chdir(conf.queue_directory) < 0)
        fatal("chdir %s: %m", conf.queue_directory);
    const char *const *queues = optind < argc ? (const char *const *) argv + optind : usual_queues;
    for (; *queues != NULL; queues++)
        read_queue(&v, *queues);
    show(&v);
    qshape_count_done(&v.counts);
    return 0;
}
