#include "smtp/content.h"

#include "base/log.h"
#include "config/config.h"
#include "queue/record.h"
#include "smtp/filter.h"

enum { FLUSH_BYTES = 64 * 1024 };

/* What has been made so far goes to the stream, which sends it when there is enough. */
static void pass_on(struct session *s)
{
    stream_add(&s->stream, s->content.data, s->content.len);
    str_clear(&s->content);
}

static bool send_as_it_is(struct session *s, struct record_reader *reader, struct smtp_text *text)
{
    struct record r;

    while (record_read(reader, &r) == RECORD_OK) {
        if (r.type == REC_LINE || r.type == REC_PART)
            smtp_text_add(text, r.payload, r.len, r.type == REC_LINE);
        else
            return r.type == REC_EXTRACTED;
        if (s->content.len >= FLUSH_BYTES) {
            pass_on(s);
            if (stream_error(&s->stream) != STREAM_OK)
                return true; /* who reads the reply will see it */
        }
    }
    return false;
}

static bool send_filtered(struct attempt *a, struct session *s, struct record_reader *reader, struct smtp_text *text)
{
    struct smtp_filter *f = smtp_filter_begin(a, s, text);
    struct record r;
    bool ok = false;

    while (record_read(reader, &r) == RECORD_OK) {
        if (r.type != REC_LINE && r.type != REC_PART) {
            ok = r.type == REC_EXTRACTED;
            break;
        }
        smtp_filter_line(f, r.payload, r.len, r.type == REC_LINE);
        if (s->content.len >= FLUSH_BYTES)
            pass_on(s);
    }
    return smtp_filter_end(f) && ok;
}

bool smtp_content_send(struct attempt *a, struct session *s, bool is_dot_delayed)
{
    struct smtp_text text = {.out = &s->content, .line_limit = (size_t) conf.smtp_line_length_limit};
    struct record_reader reader = {.bytes = a->message.bytes, .n = a->message.n, .next = a->d->data_offset};

    str_clear(&s->content);
    smtp_filter_prepend(a, &text);
    bool ok = smtp_filter_is_needed(a, s) ? send_filtered(a, s, &reader, &text) : send_as_it_is(s, &reader, &text);
    if (!ok)
        return false;
    if (text.has_broken)
        log_info("%s: breaking line > %d bytes with <CR><LF>SPACE", a->d->queue_id, conf.smtp_line_length_limit);
    if (!is_dot_delayed)
        smtp_text_end(&text);
    else if (text.is_open)
        smtp_text_add(&text, "", 0, true);
    pass_on(s);
    return true;
}
