/* stats.c: counts, and the files that show them to whoever runs a benchmark or a test.
 */
#include <fcntl.h>
#include <stdio.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/log.h"
#include "base/loop.h"
#include "sink.h"

/* A reader never sees half an update: each is one write of the same length over the last. */
enum { FILE_BYTES = 512, UPDATE_MS = 10, RECORD_BYTES = 64 * 1024 };

struct sink_counts sink_counts;

static int counts_fd = -1, record_fd = -1;
static struct str records;
static struct timer update;

static int64_t now_ns(void)
{
    struct timespec t;

    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * INT64_C(1000000000) + t.tv_nsec;
}

static double cpu_seconds(void)
{
    struct rusage r;

    getrusage(RUSAGE_SELF, &r);
    return (double) (r.ru_utime.tv_sec + r.ru_stime.tv_sec) + (double) (r.ru_utime.tv_usec + r.ru_stime.tv_usec) / 1e6;
}

static void write_counts(void)
{
    const struct sink_counts *c = &sink_counts;
    char text[FILE_BYTES + 1];

    int n = snprintf(text, sizeof(text),
                     "{\"messages\": %ld, \"recipients\": %ld, \"bytes\": %ld, \"deferred\": %ld, \"signed\": %ld, "
                     "\"sessions\": %ld, \"open\": %ld, \"peak\": %ld, \"first_ns\": %jd, \"last_ns\": %jd, "
                     "\"cpu_s\": %.2f}", c->messages, c->recipients, c->bytes, c->deferred, c->signed_messages,
                     c->sessions, c->open, c->peak, (intmax_t) c->first_ns, (intmax_t) c->last_ns, cpu_seconds());
    memset(text + n, ' ', (size_t) (FILE_BYTES - n));
    text[FILE_BYTES - 1] = '\n';
    if (pwrite(counts_fd, text, FILE_BYTES, 0) != FILE_BYTES)
        log_warn("write statistics: %m");
}

static void write_records(void)
{
    const char *p = str_text(&records);

    for (size_t left = records.len; left > 0;) {
        ssize_t n = write(record_fd, p, left);
        if (n < 0)
            fatal("write record of messages: %m");
        p += n;
        left -= (size_t) n;
    }
    str_clear(&records);
}

void smtp_sink_stats_flush(void)
{
    if (counts_fd >= 0)
        write_counts();
    if (record_fd >= 0)
        write_records();
}

static void fire(void *arg)
{
    (void) arg;
    smtp_sink_stats_flush();
}

static int open_file(const char *path, int flags)
{
    int fd = open(path, O_WRONLY | O_CREAT | O_CLOEXEC | flags, 0644);

    if (fd < 0)
        fatal("open %s: %m", path);
    return fd;
}

void smtp_sink_stats_open(const char *path)
{
    counts_fd = open_file(path, O_TRUNC);
    update.fire = fire;
    write_counts();
}

void smtp_sink_stats_record(const char *path)
{
    record_fd = open_file(path, O_APPEND);
    update.fire = fire;
}

void smtp_sink_stats_changed(void)
{
    if (update.fire != NULL && !timer_is_set(&update))
        timer_set(&update, clock_after(UPDATE_MS));
    if (sink_options.shows_counters) {
        printf("sess=%ld quit=%ld mesg=%ld\r", sink_counts.sessions, sink_counts.quits, sink_counts.messages);
        fflush(stdout);
    }
}

/* The value of a header at the beginning of a message, without its line end; NULL: it has none. */
static const char *find_header(const struct str *message, const char *name, size_t *len)
{
    const char *line = str_text(message), *end = line + message->len;
    size_t name_len = strlen(name);

    while (line < end && *line != '\r') {
        const char *lf = memchr(line, '\n', (size_t) (end - line));
        if (lf == NULL)
            return NULL;
        if ((size_t) (lf - line) > name_len && strncasecmp(line, name, name_len) == 0 && line[name_len] == ':') {
            const char *value = line + name_len + 1;
            value += strspn(value, " ");
            *len = strcspn(value, "\r\n");
            return value;
        }
        line = lf + 1;
    }
    return NULL;
}

void smtp_sink_stats_message(const struct sink_session *s, size_t size_bytes)
{
    const char *value;
    size_t len;

    sink_counts.messages++;
    sink_counts.recipients += s->rcpt_count;
    sink_counts.bytes += (long) size_bytes;
    sink_counts.last_ns = now_ns();
    if (sink_counts.first_ns == 0)
        sink_counts.first_ns = sink_counts.last_ns;
    if (sink_options.counts_signatures && find_header(&s->message, "DKIM-Signature", &len) != NULL)
        sink_counts.signed_messages++;
    if (record_fd >= 0 && (value = find_header(&s->message, "Message-ID", &len)) != NULL) {
        str_add(&records, value, len);
        str_addc(&records, '\n');
        if (records.len >= RECORD_BYTES)
            write_records();
    }
    smtp_sink_stats_changed();
}
