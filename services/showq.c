/* showq: lists the queue, for postqueue and others who connect to public/showq. See showq(8).
 *
 * What is sent: an attribute list that names the protocol; for each message a list of its
 * attributes, in which each recipient repeats its four; an empty list. Messages in the journal are
 * listed in the active queue. Each is read when its turn comes, so the memory used does not depend
 * on the length of the queue.
 */
#include <fcntl.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/stream.h"
#include "config/config.h"
#include "daemon/daemon.h"
#include "ipc/attr.h"
#include "mail/quote.h"
#include "queue/dirs.h"
#include "queue/envelope.h"
#include "queue/journal.h"

/* A message of which something is known. */
struct entry {
    const char *queue, *id;
    struct location where;
    struct stat st; /* of its file; st_mode 0 in the journal */
    bool has_log;   /* there may be reasons */
};

static void put(struct stream *s, const char *name, const char *value)
{
    stream_add(s, name, strlen(name) + 1);
    stream_add(s, value, strlen(value) + 1);
}

/* Text from a queue file, without what would disturb a terminal. */
static void put_printable(struct stream *s, const char *name, const char *value)
{
    char *text = mem_strdup(value);

    for (char *p = text; *p != 0; p++)
        if ((unsigned char) *p < ' ' || *p == 0x7f)
            *p = '?';
    put(s, name, text);
    mem_free(text);
}

static void put_number(struct stream *s, const char *name, long value)
{
    char digits[24];

    snprintf(digits, sizeof(digits), "%ld", value);
    put(s, name, digits);
}

static void put_end(struct stream *s)
{
    stream_add(s, "", 1);
}

static void put_address(struct stream *s, const char *name, const char *internal)
{
    struct str quoted = {0};

    put_printable(s, name, *internal == 0 ? conf.empty_address_recipient : quote_822(internal, &quoted));
    str_done(&quoted);
}

/* --- recipients --- */

/* One entry of a defer or bounce log. */
struct reason {
    const char *recipient, *original, *text; /* external form; NULL: not given */
};

static void put_reason(struct stream *s, const struct reason *r, const char *log_class)
{
    bool is_null = *r->recipient == 0 || strcmp(r->recipient, "<>") == 0;

    put_printable(s, "original_recipient", r->original == NULL ? "" : r->original);
    put_printable(s, "recipient", is_null ? conf.empty_address_recipient : r->recipient);
    put(s, "log_class", log_class);
    put_printable(s, "reason", r->text == NULL ? "" : r->text);
}

/* Logs that are older than their name=value lines have only "<recipient>: reason". */
static void read_old_line(struct reason *r, char *line)
{
    char *end = strstr(line, ">: ");

    if (*line != '<' || end == NULL)
        return;
    *end = 0;
    r->recipient = line + 1;
    r->text = end + strlen(">: ");
}

static void read_line(struct reason *r, char *line)
{
    static const struct {
        const char *name;
        size_t at;
    } fields[] = {
        {"recipient=", offsetof(struct reason, recipient)},
        {"original_recipient=", offsetof(struct reason, original)},
        {"reason=", offsetof(struct reason, text)},
    };

    for (size_t i = 0; i < ARRAY_SIZE(fields); i++)
        if (strncmp(line, fields[i].name, strlen(fields[i].name)) == 0) {
            char *value = line + strlen(fields[i].name);
            memcpy((char *) r + fields[i].at, &value, sizeof(value));
            return;
        }
    read_old_line(r, line);
}

/* Report whoever is in the log, and remember who that was, up to a limit. */
static void put_log(struct stream *s, const char *log, const char *id, struct hash *shown)
{
    struct str path = {0}, text = {0}, why = {0};
    struct reason r = {0};
    char *next;

    if (access(queue_path(&path, log, id), R_OK) == 0 && !file_read(str_text(&path), &text, &why))
        log_warn("%s", str_text(&why));
    for (char *line = text.data; line != NULL && s->error == STREAM_OK; line = next) {
        next = strchr(line, '\n');
        if (next != NULL)
            *next++ = 0;
        if (*line != 0) {
            read_line(&r, line);
            if (next != NULL)
                continue;
        }
        if (r.recipient != NULL) {
            put_reason(s, &r, log);
            if (shown->count < (size_t) conf.duplicate_filter_limit)
                hash_put(shown, r.recipient, shown);
        }
        r = (struct reason){0};
    }
    str_done(&path);
    str_done(&text);
    str_done(&why);
}

/* First those about whom something is known, in that order; then the others. */
static void put_recipients(struct stream *s, const struct entry *entry, const struct envelope *e)
{
    struct hash shown = {0};
    struct str quoted = {0};

    if (entry->has_log && e->recipient_count > 0) {
        put_log(s, "defer", entry->id, &shown);
        put_log(s, "bounce", entry->id, &shown);
    }
    for (size_t i = 0; i < e->recipient_count && s->error == STREAM_OK; i++) {
        const struct envelope_recipient *r = &e->recipients[i];
        if (hash_get(&shown, *r->address == 0 ? "<>" : quote_822(r->address, &quoted)) != NULL)
            continue;
        put_printable(s, "original_recipient", quote_822(r->original, &quoted));
        put_address(s, "recipient", r->address);
        put(s, "log_class", "");
        put(s, "reason", "");
    }
    hash_done(&shown, NULL);
    str_done(&quoted);
}

/* --- messages --- */

static void put_message(struct stream *s, const struct entry *entry, const struct envelope *e)
{
    bool is_submission = strcmp(entry->queue, "maildrop") == 0;

    put(s, "queue_name", entry->queue);
    put(s, "queue_id", entry->id);
    put_number(s, "time", e->arrival.tv_sec);
    put_number(s, "size", is_submission ? (long) entry->st.st_size : (long) e->content_size);
    put_number(s, "forced_expire", (entry->st.st_mode & S_IXGRP) != 0);
    put_address(s, "sender", e->sender);
    put_recipients(s, entry, e);
    put_end(s);
}

/* A message that has gone meanwhile is no news. */
static void report(struct stream *s, const struct entry *entry)
{
    struct arena a = {0};
    struct envelope e;
    struct message_bytes m;
    struct str why = {0};
    bool is_submission = strcmp(entry->queue, "maildrop") == 0;

    if (!message_open(entry->id, &entry->where, &m, &why)) {
        str_done(&why);
        return;
    }
    bool ok = is_submission ? envelope_read_submission(&a, m.bytes, m.n, &e, &why)
                            : envelope_read(&a, m.bytes, m.n, 0, &e, NULL, &why);
    /* In the journal another message may have come over it while it was read. */
    bool is_current = message_is_current(entry->id, &entry->where, &m);
    message_close(&m);
    if (ok && is_current)
        put_message(s, entry, &e);
    else if (is_current)
        log_warn("%s: %s", entry->id, str_text(&why));
    arena_done(&a);
    str_done(&why);
}

static void report_queue(struct stream *s, const char *queue)
{
    struct str path = {0};
    struct queue_scan *scan = queue_scan_open(queue);
    bool is_submission = strcmp(queue, "maildrop") == 0;
    const char *id;

    if (scan == NULL)
        log_warn("open queue %s: %m", queue);
    while (s->error == STREAM_OK && (id = queue_scan_next(scan, &path)) != NULL) {
        struct entry entry = {.queue = queue, .id = id, .where = {.path = str_text(&path)}, .has_log = !is_submission};
        if (stat(entry.where.path, &entry.st) < 0 || !S_ISREG(entry.st.st_mode))
            continue;
        if ((entry.st.st_mode & S_IXUSR) != 0)
            report(s, &entry);
    }
    queue_scan_close(scan);
    str_done(&path);
}

/* A message that is being settled, or was just now, has a file: it is listed there. */
static void report_in_journal(void *arg, const char *queue_id, const struct location *where)
{
    static const char *const queues[] = {"active", "incoming", "deferred", "hold"};
    struct stream *s = arg;
    struct entry entry = {.queue = "active", .id = queue_id, .where = *where, .has_log = true};

    for (size_t i = 0; i < ARRAY_SIZE(queues); i++)
        if (queue_has(queues[i], queue_id))
            return;
    if (s->error == STREAM_OK)
        report(s, &entry);
}

static void session(struct daemon_client *c)
{
    struct stream s;

    /* Stand-alone, for postqueue when the mail system is down: what comes in is nothing. */
    stream_init(&s, c->is_stdin ? STDOUT_FILENO : c->fd, (msec) conf.ipc_timeout * 1000);
    c->fd = -1;
    put(&s, "protocol", "mail_queue_list_protocol");
    put_end(&s);
    report_queue(&s, "maildrop");
    report_queue(&s, "active");
    journal_scan(report_in_journal, &s);
    report_queue(&s, "incoming");
    report_queue(&s, "deferred");
    report_queue(&s, "hold");
    put_end(&s);
    stream_flush(&s);
    stream_done(&s);
}

int main(int argc, char **argv)
{
    static const struct daemon_program program = {.name = "showq", .session = session};

    return daemon_main(argc, argv, &program);
}
