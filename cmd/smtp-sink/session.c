/* session.c: the conversation with one client.
 */
#include <errno.h>
#include <stdlib.h>
#include <strings.h>
#include <syslog.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/task.h"
#include "sink.h"

enum { LINE_LIMIT = 16384, HEADER_BYTES = 16384 };

static const char *const verb_names[VERBS] = {
    [VERB_CONNECT] = "CONNECT", [VERB_HELO] = "HELO", [VERB_EHLO] = "EHLO", [VERB_LHLO] = "LHLO",
    [VERB_XFORWARD] = "XFORWARD", [VERB_XCLIENT] = "XCLIENT", [VERB_AUTH] = "AUTH", [VERB_MAIL] = "MAIL",
    [VERB_RCPT] = "RCPT", [VERB_DATA] = "DATA", [VERB_DOT] = ".", [VERB_RSET] = "RSET", [VERB_NOOP] = "NOOP",
    [VERB_VRFY] = "VRFY", [VERB_QUIT] = "QUIT", [VERB_UNKNOWN] = "",
};

enum verb smtp_sink_session_verb(const char *name, size_t n)
{
    for (int v = 0; v < VERB_UNKNOWN; v++)
        if (strlen(verb_names[v]) == n && strncasecmp(verb_names[v], name, n) == 0)
            return (enum verb) v;
    return VERB_UNKNOWN;
}

static void say(struct sink_session *s, const char *text)
{
    stream_adds(&s->stream, text);
    stream_add(&s->stream, "\r\n", 2);
}

/* With or without the enhanced status code, as was announced. */
static void reply(struct sink_session *s, int code, const char *status, const char *text)
{
    if (sink_options.no_codes)
        stream_addf(&s->stream, "%d %s\r\n", code, text);
    else
        stream_addf(&s->stream, "%d %s %s\r\n", code, status, text);
}

static void wait_as_planned(struct sink_session *s, const struct verb_plan *plan)
{
    long times = 1;

    if (plan->delay == 0)
        return;
    for (; plan->odds > 0 && random() % 100 < plan->odds; times++)
        continue;
    stream_flush(&s->stream);
    task_sleep(plan->delay * times);
}

/* What the command line says about this verb comes before what the verb does. */
static bool is_intercepted(struct sink_session *s, enum verb verb)
{
    const struct verb_plan *plan = &sink_options.plans[verb];

    if (plan->log)
        syslog(LOG_INFO, "%s", verb_names[verb]);
    wait_as_planned(s, plan);
    if (plan->hang_up || plan->say_421)
        s->is_over = true;
    if (plan->hang_up)
        return true;
    if (plan->say_421)
        reply(s, 421, "4.0.0", "Server closing connection");
    else if (plan->refuse_hard)
        say(s, sink_options.hard_reply);
    else if (plan->refuse_soft)
        say(s, sink_options.soft_reply);
    else
        return false;
    return true;
}

static void reset(struct sink_session *s)
{
    s->has_mail = false;
    s->rcpt_count = 0;
    str_clear(&s->mail);
    str_clear(&s->rcpts);
}

static void helo(struct sink_session *s, const char *args)
{
    reset(s);
    str_set(&s->helo, args);
    s->is_esmtp = false;
    stream_addf(&s->stream, "250 %s\r\n", sink_options.hostname);
}

static void ehlo(struct sink_session *s, const char *args)
{
    const struct { bool is_off; const char *text; } extensions[] = {
        {sink_options.no_pipelining, "PIPELINING"},
        {sink_options.no_8bitmime, "8BITMIME"},
        {sink_options.no_auth, "AUTH PLAIN LOGIN"},
        {sink_options.no_xclient, "XCLIENT NAME HELO"},
        {sink_options.no_xforward, "XFORWARD NAME ADDR PROTO HELO"},
        {sink_options.no_codes, "ENHANCEDSTATUSCODES"},
        {sink_options.no_dsn, "DSN"},
    };

    reset(s);
    str_set(&s->helo, args);
    s->is_esmtp = true;
    stream_addf(&s->stream, "250-%s\r\n", sink_options.hostname);
    for (size_t i = 0; i < ARRAY_SIZE(extensions); i++)
        if (!extensions[i].is_off)
            stream_addf(&s->stream, "250-%s\r\n", extensions[i].text);
    say(s, "250 ");
}

static void mail(struct sink_session *s, const char *args)
{
    reset(s);
    if (strncasecmp(args, "FROM:", 5) == 0)
        args += 5;
    str_set(&s->mail, args + strspn(args, " "));
    s->has_mail = true;
    reply(s, 250, "2.1.0", "Ok");
}

static void rcpt(struct sink_session *s, const char *args)
{
    if (!s->has_mail) {
        reply(s, 503, "5.5.1", "Error: need MAIL command");
        return;
    }
    if (sink_options.is_deferring) {
        sink_counts.deferred++;
        smtp_sink_stats_changed();
        say(s, sink_options.soft_reply);
        return;
    }
    if (strncasecmp(args, "TO:", 3) == 0)
        args += 3;
    args += strspn(args, " ");
    str_add(&s->rcpts, args, strlen(args) + 1);
    s->rcpt_count++;
    reply(s, 250, "2.1.5", "Ok");
}

/* How many of n bytes belong to the message. matched: how much of CR LF . CR LF was seen so far,
 * all five at the end. */
static size_t find_end(const char *bytes, size_t n, int *matched)
{
    static const char end[] = "\r\n.\r\n";
    size_t i = 0;

    while (i < n && *matched < 5) {
        if (*matched == 0) {
            const char *cr = memchr(bytes + i, '\r', n - i);
            if (cr == NULL)
                return n;
            i = (size_t) (cr - bytes);
        }
        if (bytes[i] == end[*matched])
            ++*matched;
        else
            *matched = bytes[i] == '\r';
        i++;
    }
    return i;
}

/* The size of the message with its final dot; 0: the client is gone. */
static size_t receive_message(struct sink_session *s)
{
    bool is_captured = sink_options.one_file_template != NULL || sink_options.shared_file_template != NULL;
    int matched = 2; /* as if behind a line */
    size_t size = 0;
    const char *bytes;

    str_clear(&s->message);
    while (matched < 5) {
        size_t n = stream_peek(&s->stream, &bytes);
        if (n == 0)
            return 0;
        n = find_end(bytes, n, &matched);
        if (is_captured || s->message.len < HEADER_BYTES)
            str_add(&s->message, bytes, n);
        stream_consume(&s->stream, n);
        size += n;
    }
    return size;
}

static void end_of_data(struct sink_session *s, size_t size)
{
    smtp_sink_stats_message(s, size);
    smtp_sink_capture_message(s);
    if (!sink_options.is_lmtp)
        reply(s, 250, "2.0.0", "Ok");
    else
        for (long i = 0; i < s->rcpt_count; i++)
            reply(s, 250, "2.2.0", "Ok");
    reset(s);
    if (sink_options.max_messages > 0 && sink_counts.messages >= sink_options.max_messages) {
        stream_flush(&s->stream);
        loop_stop();
    }
}

static void data(struct sink_session *s, const char *args)
{
    (void) args;
    if (s->rcpt_count == 0) {
        reply(s, 503, "5.5.1", "Error: need RCPT command");
        return;
    }
    say(s, "354 End data with <CR><LF>.<CR><LF>");
    if (sink_options.abort_delay >= 0) {
        stream_flush(&s->stream);
        task_sleep(sink_options.abort_delay);
        reply(s, 550, "5.3.0", "Error: command failed");
        s->is_over = true;
        return;
    }
    if (sink_options.data_read_delay > 0) {
        stream_flush(&s->stream);
        task_sleep(sink_options.data_read_delay);
    }
    size_t size = receive_message(s);
    if (size > 0 && !is_intercepted(s, VERB_DOT))
        end_of_data(s, size);
}

static void rset(struct sink_session *s, const char *args)
{
    (void) args;
    reset(s);
    reply(s, 250, "2.1.0", "Ok");
}

static void noop(struct sink_session *s, const char *args)
{
    (void) args;
    reply(s, 250, "2.0.0", "Ok");
}

static void auth(struct sink_session *s, const char *args)
{
    (void) args;
    reply(s, 235, "2.7.0", "Ok");
}

static void quit(struct sink_session *s, const char *args)
{
    (void) args;
    sink_counts.quits++;
    smtp_sink_stats_changed();
    say(s, "221 Bye");
    s->is_over = true;
}

static void (*const handlers[VERBS])(struct sink_session *s, const char *args) = {
    [VERB_HELO] = helo, [VERB_EHLO] = ehlo, [VERB_LHLO] = ehlo, [VERB_XFORWARD] = noop, [VERB_XCLIENT] = noop,
    [VERB_AUTH] = auth, [VERB_MAIL] = mail, [VERB_RCPT] = rcpt, [VERB_DATA] = data, [VERB_RSET] = rset,
    [VERB_NOOP] = noop, [VERB_VRFY] = noop, [VERB_QUIT] = quit,
};

static bool is_spoken(enum verb verb)
{
    switch (verb) {
    case VERB_EHLO:
        return !sink_options.is_lmtp && !sink_options.no_esmtp;
    case VERB_HELO:
        return !sink_options.is_lmtp;
    case VERB_LHLO:
        return sink_options.is_lmtp;
    case VERB_XCLIENT:
        return !sink_options.no_xclient;
    case VERB_XFORWARD:
        return !sink_options.no_xforward;
    case VERB_AUTH:
        return !sink_options.no_auth;
    case VERB_CONNECT: case VERB_DOT: case VERB_UNKNOWN: case VERBS:
        return false;
    case VERB_MAIL: case VERB_RCPT: case VERB_DATA: case VERB_RSET: case VERB_NOOP: case VERB_VRFY: case VERB_QUIT:
        return true;
    }
    return false;
}

static void command(struct sink_session *s, const char *line)
{
    size_t n = strcspn(line, " ");
    enum verb verb = smtp_sink_session_verb(line, n);

    if (sink_options.is_verbose)
        log_info("%s", line);
    if (!is_spoken(verb))
        reply(s, 500, "5.5.1", "Error: unknown command");
    else if (!is_intercepted(s, verb))
        handlers[verb](s, line + n + strspn(line + n, " "));
}

void smtp_sink_session_run(struct sink_session *s)
{
    struct str line = {0};

    if (is_intercepted(s, VERB_CONNECT))
        s->is_over = true;
    else if (sink_options.is_pix)
        say(s, "220 ********");
    else
        stream_addf(&s->stream, "220 %s %s\r\n", sink_options.hostname, sink_options.no_esmtp ? "SMTP" :
                    sink_options.is_lmtp ? "LMTP" : "ESMTP");
    while (!s->is_over) {
        str_clear(&line);
        if (stream_line(&s->stream, &line, LINE_LIMIT) != LINE_OK)
            break;
        command(s, str_text(&line));
    }
    stream_flush(&s->stream);
    str_done(&line);
}
