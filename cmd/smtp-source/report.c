/* report.c: which message is next, what became of each, and how long it took.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/loop.h"
#include "source.h"

/* Latencies are kept as a histogram whose buckets are a sixteenth of a power of two wide. */
enum { STEPS = 16, BUCKETS = 40 * STEPS };

static struct {
    long taken, accepted, refused, lost, connections;
    int64_t first_ns, last_ns;
    long latencies[BUCKETS];
} counts;

static int record_fd = -1;
static struct str records;

int64_t smtp_source_report_now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

void smtp_source_report_begin(void)
{
    counts.first_ns = counts.last_ns = smtp_source_report_now_ns();
}

void smtp_source_report_record(const char *path)
{
    record_fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
    if (record_fd < 0)
        fatal("open %s: %m", path);
}

bool smtp_source_report_take(long *message)
{
    if (counts.taken >= source_options.message_count)
        return false;
    *message = counts.taken++;
    return true;
}

void smtp_source_report_connected(void)
{
    counts.connections++;
}

void smtp_source_report_idle(void)
{
    static long idle;

    if (++idle == source_options.session_count) {
        printf("ready\n");
        fflush(stdout);
    }
}

static void write_records(void *arg)
{
    (void) arg;
    if (record_fd >= 0 && !file_write_all(record_fd, str_text(&records), records.len))
        fatal("write record of messages: %m");
    str_clear(&records);
}

/* Whoever stops us under load wants to know what was answered up to then. */
static struct turn_end record_write = {.run = write_records};

static int bucket(int64_t microseconds)
{
    int power = 0;

    while (microseconds >> power >= 2 * STEPS)
        power++;
    int b = power * STEPS + (int) (microseconds >> power);
    return b < BUCKETS ? b : BUCKETS - 1;
}

static int64_t bucket_value(int b)
{
    int power = b < 2 * STEPS ? 0 : b / STEPS - 1;

    return (int64_t) (b - power * STEPS) << power;
}

void smtp_source_report_accepted(const struct source_session *s, long message)
{
    counts.last_ns = smtp_source_report_now_ns();
    counts.latencies[bucket((counts.last_ns - s->sent_ns) / 1000)]++;
    counts.accepted++;
    if (source_options.shows_counter) {
        printf("%ld\r", counts.accepted);
        fflush(stdout);
    }
    if (record_fd >= 0) {
        str_addf(&records, "%s\n", smtp_source_message_id(message));
        loop_at_turn_end(&record_write, TURN_STORE);
    }
}

void smtp_source_report_refused(void)
{
    counts.refused++;
}

void smtp_source_report_lost(long messages)
{
    counts.lost += messages;
}

static int64_t percentile(int percent)
{
    long seen = 0;

    for (int b = 0; b < BUCKETS; b++) {
        seen += counts.latencies[b];
        if (seen > 0 && seen * 100 >= counts.accepted * percent)
            return bucket_value(b);
    }
    return 0;
}

static void write_statistics(const char *path)
{
    struct rusage r;
    struct str text = {0}, why = {0};
    double seconds = (double) (counts.last_ns - counts.first_ns) / 1e9;

    getrusage(RUSAGE_SELF, &r);
    str_addf(&text, "{\"accepted\": %ld, \"refused\": %ld, \"lost\": %ld, \"connections\": %ld, \"first_ns\": %jd, "
             "\"last_ns\": %jd, \"seconds\": %.3f, \"messages_per_second\": %.1f, \"latency_p50_us\": %jd, "
             "\"latency_p99_us\": %jd, \"cpu_s\": %.2f}\n",
             counts.accepted, counts.refused, counts.lost, counts.connections, (intmax_t) counts.first_ns,
             (intmax_t) counts.last_ns, seconds, seconds > 0 ? (double) counts.accepted / seconds : 0.0,
             (intmax_t) percentile(50), (intmax_t) percentile(99),
             (double) (r.ru_utime.tv_sec + r.ru_stime.tv_sec) + (double) (r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6);
    if (!file_replace(path, str_text(&text), text.len, 0644, &why))
        fatal("%s", str_text(&why));
    str_done(&text);
}

bool smtp_source_report_end(const char *path)
{
    write_records(NULL);
    if (source_options.shows_counter)
        printf("\n");
    if (path != NULL)
        write_statistics(path);
    return counts.accepted == source_options.message_count;
}
