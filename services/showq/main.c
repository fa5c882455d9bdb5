/* showq: lists the queue, for postqueue and others who connect to public/showq. See showq(8).
 *
 * What is sent: an attribute list that names the protocol; for each message a list of its
 * attributes, in which each recipient repeats its four; an empty list. Messages in the journal are
 * listed in the active queue. Each is read when its turn comes, so the memory used does not depend
 * on the length of the queue. A damaged file is listed as far as it can be read.
 */
#include <stddef.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/stream.h"
#include "config/config.h"
#include "daemon/daemon.h"
#include "queue/dirs.h"
#include "queue/journal.h"
#include "services/showq/message.h"

/* A message that has gone meanwhile is no news. In the journal another may come over it while it is read: so it is
 * copied first. */
static void report(struct stream *s, struct showq_message *m, const struct location *where)
{
    struct message_bytes b;
    struct str why = {0};
    char *copy = NULL;

    if (message_open(m->id, where, &b, &why)) {
        m->reader = (struct record_reader){.bytes = b.bytes, .n = b.n};
        if (location_is_journal(where))
            m->reader.bytes = copy = mem_dup(b.bytes, b.n);
        /* An entry without anybody who waits is over, or has become a file. */
        if (copy == NULL || (message_is_current(m->id, where, &b) && showq_message_has_recipient(m)))
            showq_message_put(s, m);
        message_close(&b);
    }
    mem_free(copy);
    str_done(&why);
}

static void report_queue(struct stream *s, const char *queue)
{
    struct str path = {0};
    struct queue_scan *scan = queue_scan_open(queue);
    const char *id;

    if (scan == NULL)
        log_warn("open queue %s: %m", queue);
    while (s->error == STREAM_OK && (id = queue_scan_next(scan, &path)) != NULL) {
        struct showq_message m = {.queue = queue, .id = id};
        struct location where = {.path = str_text(&path)};
        if (lstat(where.path, &m.st) == 0 && S_ISREG(m.st.st_mode) && (m.st.st_mode & S_IXUSR) != 0)
            report(s, &m, &where);
    }
    queue_scan_close(scan);
    str_done(&path);
}

/* A message that is being settled, or was just now, has a file: it is listed there. */
static void report_in_journal(void *arg, const char *queue_id, const struct location *where)
{
    static const char *const queues[] = {"active", "incoming", "deferred", "hold"};
    struct stream *s = arg;
    struct showq_message m = {.queue = "active", .id = queue_id};

    for (size_t i = 0; i < ARRAY_SIZE(queues); i++)
        if (queue_has(queues[i], queue_id))
            return;
    if (s->error == STREAM_OK)
        report(s, &m, where);
}

static void session(struct daemon_client *c)
{
    struct stream s;

    /* Stand-alone, for postqueue when the mail system is down: what comes in is nothing. */
    stream_init(&s, c->is_stdin ? STDOUT_FILENO : c->fd, (msec) conf.ipc_timeout * 1000);
    c->fd = -1;
    showq_message_put_text(&s, "protocol", "mail_queue_list_protocol");
    showq_message_put_end(&s);
    report_queue(&s, "maildrop");
    report_queue(&s, "active");
    journal_scan(report_in_journal, &s);
    report_queue(&s, "incoming");
    report_queue(&s, "deferred");
    report_queue(&s, "hold");
    showq_message_put_end(&s);
    stream_flush(&s);
    stream_done(&s);
}

int main(int argc, char **argv)
{
    static const struct daemon_program program = {.name = "showq", .session = session};

    return daemon_main(argc, argv, &program);
}
