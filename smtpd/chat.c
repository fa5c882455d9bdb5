#include "smtpd/chat.h"

#include <stdarg.h>
#include <stdio.h>

#include "base/log.h"
#include "base/task.h"
#include "config/config.h"
#include "mail/postmaster.h"
#include "smtpd/filter.h"
#include "smtpd/footer.h"

enum { SHORT_WAIT_MS = 1000 };

/* Most commands come soon. A client that pauses gives its buffers back, since there may be ten
 * thousand of them. How long it has been waited for. */
static msec await_input(struct session *s)
{
    struct stream *io = &s->stream;

    if (stream_wait(io, clock_after(SHORT_WAIT_MS)))
        return 0;
    stream_relax(io);
    str_done(&s->line);
    arena_done(&s->scratch);
    return SHORT_WAIT_MS;
}

const char *smtpd_chat_failure(const struct session *s)
{
    switch (stream_error(&s->stream)) {
    case STREAM_OK:
        return NULL;
    case STREAM_TIMEOUT:
        return "timeout";
    case STREAM_EOF:
    case STREAM_IO:
    case STREAM_CANCELLED:
        return "lost connection";
    }
    panic("unknown stream error");
}

/* RFC 5321 4.5.3.1.4: a longer line is cut, and its rest skipped. The newline does not count. */
static enum line_result read_line(struct session *s)
{
    size_t limit = (size_t) conf.line_length_limit;
    enum line_result result = stream_raw_line(&s->stream, &s->line, limit + 1);
    struct str rest = {0};

    if (result == LINE_TOO_LONG) {
        str_cut(&s->line, limit);
        log_warn("%s: request longer than %zu: %.30s...", s->peer.namaddr, limit, str_text(&s->line));
    }

    for (enum line_result more = result; more == LINE_TOO_LONG; str_clear(&rest))
        more = stream_raw_line(&s->stream, &rest, limit);
    str_done(&rest);
    return result;
}

static bool is_bare_lf(const struct str *line)
{
    return line->len > 0 && line->data[line->len - 1] == '\n' && (line->len == 1 || line->data[line->len - 2] != '\r');
}

bool smtpd_chat_read(struct session *s)
{
    msec timeout = (msec) conf.smtpd_timeout * 1000;

    str_clear(&s->line);
    s->stream.timeout = timeout - await_input(s);
    if (conf.smtpd_per_request_deadline)
        s->stream.deadline = clock_after(s->stream.timeout);
    enum line_result result = read_line(s);
    s->stream.deadline = NEVER;
    s->stream.timeout = timeout;
    if (result == LINE_END) {
        s->reason = smtpd_chat_failure(s);
        return false;
    }
    if (result == LINE_OK && is_bare_lf(&s->line) && !s->allows_bare_lf) {
        s->saw_bare_lf = true;
        if (smtpd_session_rejects_bare_lf()) {
            s->reason = "bare <LF> received";
            return false;
        }
    }
    size_t len = s->line.len;
    while (len > 0 && (s->line.data[len - 1] == '\n' || s->line.data[len - 1] == '\r'))
        len--;
    str_cut(&s->line, len);
    if (s->verbosity > 0)
        log_info("< %s: %s", s->peer.namaddr, str_text(&s->line));
    postmaster_note(&s->transcript, POSTMASTER_IN, str_text(&s->line));
    return true;
}

/* soft_bounce: a configuration is being tried out, and nothing is refused for good. */
static void soften(struct session *s, struct reply *r)
{
    if (!conf.soft_bounce || r->code < 500)
        return;
    r->code -= 100;
    if (r->dsn != NULL && r->dsn[0] == '5')
        r->dsn = arena_printf(&s->scratch, "4%s", r->dsn + 1);
}

void smtpd_chat_mask(char *text)
{
    for (; *text != 0; text++)
        if ((unsigned char) *text < ' ' || *text == 0x7f || ((*text & 0x80) != 0 && !conf.smtputf8_enable))
            *text = ' ';
}

static void put_line(struct session *s, const struct reply *r, const char *text, size_t n, bool is_last)
{
    enum { LINE_BYTES = 1024 }; /* a reply line has 512 (RFC 5321 4.5.3.1.5); what is longer is cut */
    bool has_dsn = r->dsn != NULL;
    struct str line = {0};

    str_addf(&line, "%d%c%s%s%.*s", r->code, is_last ? ' ' : '-', has_dsn ? r->dsn : "", has_dsn ? " " : "", (int) n,
        text);
    str_cut(&line, LINE_BYTES);
    smtpd_chat_mask(line.data);
    if (s->verbosity > 0)
        log_info("> %s: %s", s->peer.namaddr, line.data);
    postmaster_note(&s->transcript, POSTMASTER_OUT, line.data);
    str_adds(&line, "\r\n");
    stream_add(&s->stream, line.data, line.len);
    str_done(&line);
}

/* RFC 5321 4.2.1: each line of a reply has the code. */
static void put(struct session *s, const struct reply *r)
{
    for (const char *line = r->text;;) {
        size_t n = strcspn(line, "\n");
        put_line(s, r, line, n, line[n] == 0);
        if (line[n] == 0)
            return;
        line += n + 1;
    }
}

void smtpd_chat_send(struct session *s, const struct reply *r)
{
    struct reply out = *r;

    soften(s, &out);
    if (reply_is_error(&out))
        smtpd_filter_refusal(s, &out);
    if (reply_is_error(&out))
        out.text = smtpd_footer_add(s, &out);
    /* A client that makes errors waits for each answer. */
    if (s->error_count >= (unsigned) conf.smtpd_soft_error_limit && conf.smtpd_error_sleep_time > 0) {
        stream_flush(&s->stream);
        task_sleep((msec) conf.smtpd_error_sleep_time * 1000);
    }
    put(s, &out);
}

struct reply smtpd_chat_reply(struct session *s, int code, const char *dsn, const char *format, ...)
{
    struct str text = {0};
    va_list ap;

    va_start(ap, format);
    str_vaddf(&text, format, ap);
    va_end(ap);
    struct reply r = reply(code, dsn, arena_strndup(&s->scratch, str_text(&text), text.len));
    str_done(&text);
    return r;
}
