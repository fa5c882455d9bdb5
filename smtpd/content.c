#include "smtpd/content.h"

#include <stdint.h>
#include <string.h>
#include <strings.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "mail/date.h"
#include "mail/quote.h"
#include "smtpd/chat.h"
#include "smtpd/dots.h"
#include "smtpd/mail.h"
#include "smtpd/notify.h"
#include "smtpd/restrict.h"
#include "smtpd/setup.h"

struct content {
    struct dots dots;
    struct str first;     /* the beginning of a first line, until there is enough of it */
    bool is_past_first;
};

/* --- our headers --- */

/* RFC 3848 and RFC 6531 4.3: SMTP, ESMTP, UTF8SMTP. */
static const char *with_protocol(const struct session *s)
{
    return s->mail->smtputf8 ? "UTF8SMTP" : s->is_esmtp ? "ESMTP" : "SMTP";
}

static void add_from(struct session *s, struct str *out)
{
    const struct peer *p = &s->peer;

    if (conf.smtpd_hide_client_session)
        str_addf(out, "Received:");
    else
        str_addf(out, "Received: from %s (%s [%s])\n\t", s->helo_name != NULL ? s->helo_name : p->name, p->name,
            p->rfc_addr);
}

/* The recipient is named if there is one: of several, each would learn of the others. */
static void add_received(struct session *s, struct str *out)
{
    struct mail *m = s->mail;
    struct str quoted = {0};
    const char *date = date_rfc5322(clock_seconds());

    add_from(s, out);
    str_addf(out, conf.smtpd_hide_client_session ? " by %s (%s) id %s" : "by %s (%s) with %s id %s", conf.myhostname,
        conf.mail_name, conf.smtpd_hide_client_session ? m->queue_id : with_protocol(s), m->queue_id);
    if (m->rcpt_count == 1 && !conf.smtpd_hide_client_session)
        str_addf(out, "\n\tfor <%s>; %s\n", quote_822(m->first_rcpt, &quoted), date);
    else
        str_addf(out, ";\n\t%s\n", date);
    str_done(&quoted);
}

void smtpd_content_begin(struct session *s, bool has_dots)
{
    struct mail *m = s->mail;
    struct str headers = {0};

    smtpd_mail_begin_content(s);
    for (size_t i = 0; i < m->prepend.count; i++)
        str_addf(&headers, "%s\n", (const char *) m->prepend.items[i]);
    add_received(s, &headers);
    cleanup_content(m->cleanup, headers.data, headers.len);
    str_done(&headers);
    m->content = mem_zalloc(sizeof(*m->content));
    m->content->dots = (struct dots){.has_dots = has_dots, .wants_crlf = !s->allows_bare_lf};
}

void smtpd_content_free(struct content *c)
{
    if (c == NULL)
        return;
    str_done(&c->first);
    mem_free(c);
}

/* --- what the client sends --- */

static void pass(struct mail *m, const char *bytes, size_t n)
{
    if (n > 0 && m->status == 0)
        cleanup_content(m->cleanup, bytes, n);
}

enum { ENOUGH = 256 }; /* bytes that tell what sort of line it is */

/* Lines that began a message in a mailbox, and a blank at the beginning, would look like a part of our
 * header. How many bytes were passed: a line of a mailbox, or everything. */
static size_t pass_first(struct mail *m, const char *bytes, size_t n)
{
    static const char marker[] = "X-Mailbox-Line: ";
    const char *end = memchr(bytes, '\n', n);
    size_t quoted = 0;

    while (quoted < n && bytes[quoted] == '>')
        quoted++;
    if (n - quoted >= 5 && strncasecmp(bytes + quoted, "From ", 5) == 0) {
        pass(m, marker, sizeof(marker) - 1);
        if (end != NULL)
            n = (size_t) (end - bytes) + 1;
        pass(m, bytes, n);
        return n;
    }
    if (n > 0 && (bytes[0] == ' ' || bytes[0] == '\t'))
        pass(m, "\n", 1);
    pass(m, bytes, n);
    m->content->is_past_first = true;
    return n;
}

/* First lines are looked at as wholes, or as much of them as matters. */
static void pass_beginning(struct mail *m, const char *bytes, size_t n)
{
    struct content *c = m->content;
    struct str held = c->first;

    c->first = (struct str){0};
    if (held.len > 0) {
        str_add(&held, bytes, n);
        bytes = held.data;
        n = held.len;
    }
    while (!c->is_past_first && (n >= ENOUGH || memchr(bytes, '\n', n) != NULL)) {
        size_t used = pass_first(m, bytes, n);
        bytes += used;
        n -= used;
    }
    str_add(&c->first, bytes, n);
    str_done(&held);
}

/* Decoded content; counted as with CRLF line ends, as SIZE counts (RFC 1870 5). */
static void take(struct mail *m, const char *bytes, size_t n)
{
    if (n == 0)
        return;
    if (m->content->is_past_first)
        pass(m, bytes, n);
    else
        pass_beginning(m, bytes, n);
}

static void note_size(struct session *s, size_t bytes, size_t lines)
{
    struct mail *m = s->mail;

    m->content_bytes += bytes + lines;
    if (conf.message_size_limit == 0 || m->content_bytes <= (size_t) conf.message_size_limit || m->status != 0)
        return;
    log_warn("%s: queue file size limit exceeded", m->queue_id);
    m->status |= CLEANUP_STAT_SIZE;
}

/* If the connection is lost, the log tells how much came in whole lines. */
static void note_partial_line(struct mail *m, const char *bytes, size_t n)
{
    const char *lf = memrchr(bytes, '\n', n);

    m->partial_bytes = lf == NULL ? m->partial_bytes + n : n - (size_t) (lf + 1 - bytes);
}

/* A carriage return at the end of a chunk waits for what follows. */
static void settle_cr(struct session *s, const char *bytes, size_t n)
{
    if (!smtpd_dots_is_cr_text(&s->mail->content->dots, bytes, n))
        return;
    note_size(s, 1, 0);
    take(s->mail, "\r", 1);
}

/* smtpd_forbid_bare_newline = reject: at once, before anything is done with the rest. */
static void check_line_ends(struct session *s)
{
    if (!s->mail->content->dots.saw_bare || s->allows_bare_lf)
        return;
    s->saw_bare_lf = true;
    if (smtpd_session_rejects_bare_lf())
        s->reason = "bare <LF> received";
}

/* A client that sends a byte now and then holds a session for hours: with a deadline for the whole
 * request, data buys time at a minimum rate. */
static void extend_deadline(struct session *s, size_t n)
{
    if (conf.smtpd_per_request_deadline)
        s->stream.deadline += (msec) (n * 1000 / (size_t) conf.smtpd_min_data_rate);
}

static void start_deadline(struct session *s)
{
    if (conf.smtpd_per_request_deadline)
        s->stream.deadline = clock_after((msec) conf.smtpd_timeout * 1000);
}

/* What is done with bytes in the stream's buffer, which are its own until they are consumed. How many of
 * them it has taken; an end of the session is in s->reason. */
typedef size_t use_bytes(struct session *s, const char *bytes, size_t n);

static size_t decode(struct session *s, const char *bytes, size_t n)
{
    struct dots *d = &s->mail->content->dots;
    size_t lines = d->line_count, used;

    settle_cr(s, bytes, n);
    size_t decoded = smtpd_dots_decode(d, (char *) bytes, n, &used);
    note_size(s, decoded, d->line_count - lines);
    note_partial_line(s->mail, bytes, decoded);
    take(s->mail, bytes, decoded);
    check_line_ends(s);
    return used;
}

static size_t skip(struct session *s, const char *bytes, size_t n)
{
    (void) s;
    (void) bytes;
    return n;
}

/* What has come from the client, or comes next. False: s->reason. */
static bool receive(struct session *s, size_t most, use_bytes *use, size_t *taken)
{
    const char *bytes;
    size_t n = stream_peek(&s->stream, &bytes);

    if (n == 0) {
        s->reason = smtpd_chat_failure(s);
        return false;
    }
    *taken = use(s, bytes, n < most ? n : most);
    stream_consume(&s->stream, *taken);
    extend_deadline(s, *taken);
    return s->reason == NULL;
}

bool smtpd_content_read_data(struct session *s)
{
    size_t n;

    start_deadline(s);
    while (s->mail->content->dots.state != DOTS_END)
        if (!receive(s, SIZE_MAX, decode, &n))
            return false;
    s->stream.deadline = NEVER;
    return true;
}

static bool receive_chunk(struct session *s, long left, use_bytes *use)
{
    size_t n;

    start_deadline(s);
    for (; left > 0; left -= (long) n)
        if (!receive(s, (size_t) left, use, &n))
            return false;
    s->stream.deadline = NEVER;
    return true;
}

bool smtpd_content_read_chunk(struct session *s, long left)
{
    return receive_chunk(s, left, decode);
}

bool smtpd_content_skip(struct session *s, long left)
{
    return receive_chunk(s, left, skip);
}

/* A chunk may end within a line; text always ends with its line. */
void smtpd_content_finish(struct session *s)
{
    struct mail *m = s->mail;
    struct content *c = m->content;

    settle_cr(s, "", 1);
    if (c->dots.state == DOTS_TEXT) {
        note_size(s, 1, 1);
        take(m, "\n", 1);
    }
    if (!c->is_past_first && c->first.len > 0)
        pass_first(m, c->first.data, c->first.len);
}

struct reply smtpd_content_end(struct session *s)
{
    smtpd_notify_flush(s);

    struct mail *m = s->mail;
    struct reply why;

    if (m->status == 0 && smtpd_restrict_end_of_data(s, &why) == REJECT) {
        smtpd_mail_free(s);
        return why;
    }
    if (m->status != 0) {
        why = smtpd_mail_failure(s, m->status, "");
        smtpd_mail_free(s);
        return why;
    }
    return smtpd_mail_commit(s);
}
