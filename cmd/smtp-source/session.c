/* session.c: the conversation with the server, over as many connections as it takes.
 */
#include <errno.h>
#include <netinet/tcp.h>
#include <stdlib.h>

#include "base/log.h"
#include "base/task.h"
#include "source.h"

enum { LINE_LIMIT = 4096, CONNECT_RETRY_MS = 10, LOST_RETRY_MS = 50 };

enum outcome { GO_ON, CONNECTION_GONE };

/* The code of the next reply, whose last line is in s->line; 0: the connection is gone. */
static int read_reply(struct source_session *s)
{
    do {
        str_clear(&s->line);
        if (stream_line(&s->stream, &s->line, LINE_LIMIT) != LINE_OK)
            return 0;
        if (source_options.is_verbose)
            log_info("<<< %s", str_text(&s->line));
    } while (s->line.len > 3 && s->line.data[3] == '-');
    return atoi(str_text(&s->line));
}

/* An unwelcome reply ends the program, unless -A says to carry on. */
static bool is_welcome(const struct source_session *s, const char *command, int code, int wanted_class)
{
    if (code / 100 == wanted_class)
        return true;
    if (!source_options.is_patient && code == 0)
        fatal("%s: %s", command, stream_error_text(&s->stream));
    if (!source_options.is_patient)
        fatal("%s: %s", command, str_text(&s->line));
    return false;
}

static int dial(const struct source_session *s)
{
    struct net_addr from = source_options.client;

    if (from.len > 0)
        from.in.sin_addr.s_addr = htonl(ntohl(from.in.sin_addr.s_addr) + (uint32_t) (s->index % source_options.client_count));
    for (long attempt = 1;; attempt++) {
        int fd = net_connect(&source_options.server, from.len > 0 ? &from : NULL, clock_after(source_options.timeout));
        bool may_retry = errno == ECONNRESET || errno == ECONNREFUSED;
        if (fd >= 0 || !may_retry || attempt >= source_options.connect_tries)
            return fd;
        task_sleep(CONNECT_RETRY_MS);
    }
}

static void tune(int fd)
{
    int on = 1;

    if (source_options.server.sa.sa_family != AF_UNIX)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    if (source_options.window > 0) {
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &source_options.window, sizeof(source_options.window));
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &source_options.window, sizeof(source_options.window));
    }
}

static enum outcome greet(struct source_session *s)
{
    if (!is_welcome(s, "greeting", read_reply(s), 2))
        return CONNECTION_GONE;
    if (source_options.is_old)
        return GO_ON;
    stream_addf(&s->stream, "%s %s\r\n", source_options.is_lmtp ? "LHLO" : "EHLO", source_options.myhostname);
    int code = read_reply(s);
    if (code / 100 == 5 && !source_options.is_lmtp) { /* RFC 5321 3.2: an old server */
        stream_addf(&s->stream, "HELO %s\r\n", source_options.myhostname);
        code = read_reply(s);
    }
    return is_welcome(s, "HELO", code, 2) ? GO_ON : CONNECTION_GONE;
}

static bool open_connection(struct source_session *s)
{
    int fd = dial(s);

    if (fd < 0 && !source_options.is_patient)
        fatal("connect: %m");
    if (fd < 0)
        return false;
    tune(fd);
    stream_init(&s->stream, fd, source_options.timeout);
    s->done_here = 0;
    smtp_source_report_connected();
    if (greet(s) == GO_ON)
        return true;
    stream_done(&s->stream);
    return false;
}

static bool may_send_another(const struct source_session *s)
{
    return source_options.per_connection == 0 || s->done_here < source_options.per_connection;
}

/* --- one message --- */

static void send_envelope(struct source_session *s, long message)
{
    smtp_source_message_mail(s);
    for (long i = 0; i < source_options.recipient_count; i++)
        smtp_source_message_rcpt(s, message, i);
    stream_adds(&s->stream, "DATA\r\n");
}

/* 354 if all of the envelope that was sent at once is accepted; else the refusal; 0: gone. */
static int read_envelope_replies(struct source_session *s)
{
    int refusal = 0, code = read_reply(s);

    if (code != 0 && !is_welcome(s, "MAIL FROM", code, 2))
        refusal = code;
    for (long i = 0; i < source_options.recipient_count && code != 0; i++) {
        code = read_reply(s);
        if (code != 0 && !is_welcome(s, "RCPT TO", code, 2))
            refusal = code;
    }
    if (code != 0)
        code = read_reply(s);
    if (code == 0) {
        is_welcome(s, "envelope", 0, 2);
        return 0;
    }
    /* Where one recipient was refused and another not, the message goes to the other. */
    return code == 354 || refusal == 0 ? code : refusal;
}

/* The same, a command at a time. */
static int talk_envelope(struct source_session *s, long message)
{
    smtp_source_message_mail(s);
    int code = read_reply(s), accepted = 0;
    if (!is_welcome(s, "MAIL FROM", code, 2))
        return code;
    for (long i = 0; i < source_options.recipient_count; i++) {
        smtp_source_message_rcpt(s, message, i);
        code = read_reply(s);
        if (code == 0)
            return 0;
        accepted += is_welcome(s, "RCPT TO", code, 2);
    }
    if (accepted == 0)
        return code;
    stream_adds(&s->stream, "DATA\r\n");
    return read_reply(s);
}

/* LMTP has one reply a recipient. */
static enum outcome read_verdict(struct source_session *s, long message)
{
    long replies = source_options.is_lmtp ? source_options.recipient_count : 1;
    bool is_accepted = true;

    for (; replies > 0; replies--) {
        int code = read_reply(s);
        if (!is_welcome(s, "end of data", code, 2))
            is_accepted = false;
        if (code == 0) {
            smtp_source_report_lost(1);
            return CONNECTION_GONE;
        }
    }
    if (is_accepted)
        smtp_source_report_accepted(s, message);
    else
        smtp_source_report_refused();
    return GO_ON;
}

static enum outcome refused(struct source_session *s, int code)
{
    if (code == 0) {
        smtp_source_report_lost(1);
        return CONNECTION_GONE;
    }
    smtp_source_report_refused();
    if (code == 421)
        return CONNECTION_GONE;
    stream_adds(&s->stream, "RSET\r\n");
    return read_reply(s) == 0 ? CONNECTION_GONE : GO_ON;
}

static void pause_between(void)
{
    msec pause = source_options.fixed_pause;

    if (source_options.random_pause > 0)
        pause += random() % (source_options.random_pause + 1);
    if (pause > 0)
        task_sleep(pause);
}

static enum outcome send_simple(struct source_session *s, long message)
{
    int code;

    s->done_here++;
    if (source_options.pipelining == PIPELINE_NONE)
        code = talk_envelope(s, message);
    else {
        send_envelope(s, message);
        code = read_envelope_replies(s);
    }
    if (code != 354 && !is_welcome(s, "DATA", code, 3))
        return refused(s, code);
    smtp_source_message_content(s, message);
    s->sent_ns = smtp_source_report_now_ns();
    return read_verdict(s, message);
}

/* Send message and those that follow it on this connection, each envelope behind the content
 * before it. */
static enum outcome send_pipelined(struct source_session *s, long message)
{
    send_envelope(s, message);
    s->done_here++;
    for (;;) {
        int code = read_envelope_replies(s);
        if (code != 354)
            return refused(s, code);
        smtp_source_message_content(s, message);
        s->sent_ns = smtp_source_report_now_ns();
        long next;
        bool has_next = may_send_another(s) && smtp_source_report_take(&next);
        if (has_next) {
            send_envelope(s, next);
            s->done_here++;
        }
        if (read_verdict(s, message) == CONNECTION_GONE) {
            if (has_next)
                smtp_source_report_lost(1);
            return CONNECTION_GONE;
        }
        if (!has_next)
            return GO_ON;
        message = next;
    }
}

/* --- connections --- */

static void close_connection(struct source_session *s, enum outcome outcome)
{
    if (outcome == GO_ON) {
        stream_adds(&s->stream, "QUIT\r\n");
        read_reply(s);
    }
    stream_done(&s->stream);
}

static void send_messages(struct source_session *s)
{
    long message;

    while (smtp_source_report_take(&message)) {
        enum outcome outcome = GO_ON;
        if (!open_connection(s)) {
            smtp_source_report_lost(1);
            task_sleep(LOST_RETRY_MS);
            continue;
        }
        do {
            outcome = source_options.pipelining == PIPELINE_FULL ? send_pipelined(s, message) : send_simple(s, message);
            pause_between();
        } while (outcome == GO_ON && may_send_another(s) && smtp_source_report_take(&message));
        close_connection(s, outcome);
    }
}

/* Connect, say hello, and do nothing until the server or the operator ends it. */
static void stay_idle(struct source_session *s)
{
    if (!open_connection(s))
        return;
    s->stream.timeout = NEVER;
    stream_relax(&s->stream);
    smtp_source_report_idle();
    read_reply(s);
    stream_done(&s->stream);
}

void smtp_source_session_run(void *arg)
{
    struct source_session *s = arg;

    if (source_options.is_idle)
        stay_idle(s);
    else
        send_messages(s);
    str_done(&s->line);
    str_done(&s->text);
}
