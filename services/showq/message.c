#include "services/showq/message.h"

#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/file.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "mail/quote.h"
#include "queue/dirs.h"

void showq_message_put_text(struct stream *s, const char *name, const char *value)
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
    showq_message_put_text(s, name, text);
    mem_free(text);
}

static void put_number(struct stream *s, const char *name, long value)
{
    char digits[24];

    snprintf(digits, sizeof(digits), "%ld", value);
    showq_message_put_text(s, name, digits);
}

void showq_message_put_end(struct stream *s)
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
    showq_message_put_text(s, "log_class", log_class);
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
static void put_log(struct stream *s, struct showq_message *m, const char *log)
{
    struct str path = {0}, text = {0}, why = {0};
    struct reason r = {0};
    char *next;

    if (access(queue_path(&path, log, m->id), R_OK) == 0 && !file_read(str_text(&path), &text, &why))
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
            if (m->shown.count < (size_t) conf.duplicate_filter_limit)
                hash_put(&m->shown, r.recipient, m);
        }
        r = (struct reason){0};
    }
    str_done(&path);
    str_done(&text);
    str_done(&why);
}

/* --- messages: a record after the other, until one says that there is no more --- */

static long number_in(const struct record *r)
{
    char *text = mem_strndup(r->payload, r->len);
    long value = atol(text);

    mem_free(text);
    return value;
}

static bool is_submission(const struct showq_message *m)
{
    return strcmp(m->queue, "maildrop") == 0;
}

static bool take_size(struct showq_message *m, const struct record *r)
{
    if (m->size == 0 && !is_submission(m)) {
        m->size = number_in(r);
        if (m->size <= 0)
            log_warn("%s: malformed size record: %.*s -- using file size instead", m->id,
                (int) (r->len < 100 ? r->len : 100), r->payload);
    }
    return true;
}

/* First those about whom something is known; then the others. */
static bool take_sender(struct stream *s, struct showq_message *m, const char *sender)
{
    if (m->has_sender) {
        log_warn("%s: duplicate sender address: %s -- skipping remainder of this file", m->id, sender);
        return false;
    }
    m->has_sender = true;
    showq_message_put_text(s, "queue_name", m->queue);
    showq_message_put_text(s, "queue_id", m->id);
    put_number(s, "time", m->arrival > 0 ? m->arrival : m->st.st_mtime);
    put_number(s, "size", m->size > 0 ? m->size : m->st.st_size);
    put_number(s, "forced_expire", (m->st.st_mode & S_IXGRP) != 0);
    put_address(s, "sender", sender);
    if (!is_submission(m)) {
        put_log(s, m, "defer");
        put_log(s, m, "bounce");
    }
    return true;
}

static bool take_recipient(struct stream *s, struct showq_message *m, const char *address, const char *original)
{
    struct str quoted = {0};

    if (!m->has_sender) {
        log_warn("%s: missing sender address: %s -- skipping remainder of this file", m->id, address);
        return false;
    }
    if (hash_get(&m->shown, *address == 0 ? "<>" : quote_822(address, &quoted)) == NULL) {
        str_clear(&quoted);
        put_printable(s, "original_recipient", quote_822(original, &quoted));
        put_address(s, "recipient", address);
        showq_message_put_text(s, "log_class", "");
        showq_message_put_text(s, "reason", "");
    }
    str_done(&quoted);
    return true;
}

/* Behind the content, where it is known how long that is. */
static bool skip_content(struct showq_message *m)
{
    size_t rest = m->reader.n - m->reader.next;

    if (m->size > 0)
        m->reader.next += (size_t) m->size < rest ? (size_t) m->size : rest;
    return true;
}

/* False: enough. The original recipient belongs to the next record. */
static bool take_record(struct stream *s, struct showq_message *m, const struct record *r, struct str *original)
{
    char *text = mem_strndup(r->payload, r->type == REC_MESSAGE ? 0 : r->len);
    bool goes_on = true;

    switch (r->type) {
    case REC_SIZE: goes_on = take_size(m, r); break;
    case REC_TIME: m->arrival = m->arrival > 0 ? m->arrival : atol(text); break;
    case REC_SENDER: goes_on = take_sender(s, m, text); break;
    case REC_ORIGINAL: str_set(original, text); break;
    case REC_RECIPIENT: goes_on = take_recipient(s, m, text, str_text(original)); break;
    case REC_MESSAGE: goes_on = skip_content(m); break;
    case REC_END: goes_on = false; break;
    default: break;
    }
    if (r->type == REC_RECIPIENT || r->type == REC_DONE || r->type == REC_CANCELLED)
        str_clear(original);
    mem_free(text);
    return goes_on;
}

void showq_message_put(struct stream *s, struct showq_message *m)
{
    struct str original = {0};
    struct record r;

    while (s->error == STREAM_OK && record_read(&m->reader, &r) == RECORD_OK && take_record(s, m, &r, &original))
        ;
    if (m->has_sender)
        showq_message_put_end(s);
    hash_done(&m->shown, NULL);
    str_done(&original);
}

bool showq_message_has_recipient(const struct showq_message *m)
{
    struct record_reader reader = m->reader;
    struct record r = {0};

    while (r.type != REC_RECIPIENT && record_read(&reader, &r) == RECORD_OK)
        ;
    return r.type == REC_RECIPIENT;
}
