/* session.c: a session from the greeting to the goodbye.
 */
#include "smtpd/session.h"

#include <ctype.h>
#include <stdio.h>
#include <strings.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/task.h"
#include "base/utf8.h"
#include "config/config.h"
#include "mail/debug_peer.h"
#include "smtpd/chat.h"
#include "smtpd/filter.h"
#include "smtpd/limits.h"
#include "smtpd/mail.h"
#include "smtpd/notify.h"
#include "smtpd/peer.h"
#include "smtpd/restrict.h"
#include "smtpd/setup.h"
#include "smtpd/standalone.h"
#include "smtpd/xforward.h"

enum command_flag {
    JUNK = 1 << 0, /* does nothing for the client: counts against smtpd_junk_command_limit */
    LAST = 1 << 1  /* RFC 2920 3.1: must be the last of a pipelined group */
};

static const struct {
    const char *name;
    smtpd_handler *handler;
    unsigned flags;
    const char *counter;
} commands[] = {
    [SMTPD_HELO] = {"HELO", smtpd_helo_cmd, JUNK | LAST, "helo"},
    [SMTPD_EHLO] = {"EHLO", smtpd_helo_ehlo_cmd, JUNK | LAST, "ehlo"},
    [SMTPD_XCLIENT] = {"XCLIENT", smtpd_xclient_cmd, 0, "xclient"},
    [SMTPD_XFORWARD] = {"XFORWARD", smtpd_xforward_cmd, 0, "xforward"},
    [SMTPD_STARTTLS] = {"STARTTLS", smtpd_misc_starttls_cmd, 0, "starttls"},
    [SMTPD_AUTH] = {"AUTH", smtpd_misc_auth_cmd, 0, "auth"},
    [SMTPD_MAIL] = {"MAIL", smtpd_mail_cmd, 0, "mail"},
    [SMTPD_RCPT] = {"RCPT", smtpd_rcpt_cmd, 0, "rcpt"},
    [SMTPD_DATA] = {"DATA", smtpd_data_cmd, LAST, "data"},
    [SMTPD_BDAT] = {"BDAT", smtpd_bdat_cmd, 0, "bdat"},
    [SMTPD_RSET] = {"RSET", smtpd_misc_rset_cmd, JUNK, "rset"},
    [SMTPD_NOOP] = {"NOOP", smtpd_misc_noop_cmd, JUNK | LAST, "noop"},
    [SMTPD_VRFY] = {"VRFY", smtpd_misc_vrfy_cmd, JUNK | LAST, "vrfy"},
    [SMTPD_ETRN] = {"ETRN", smtpd_etrn_cmd, JUNK, "etrn"},
    [SMTPD_QUIT] = {"QUIT", smtpd_misc_quit_cmd, 0, "quit"},
    [SMTPD_HELP] = {"HELP", smtpd_misc_help_cmd, 0, "help"},
    [SMTPD_COMMANDS] = {"UNKNOWN", NULL, 0, "unknown"},
};

/* SMTPD_COMMANDS if there is no such command. */
static enum smtpd_command find_command(const char *name)
{
    int i = 0;

    while (i < SMTPD_COMMANDS && strcasecmp(name, commands[i].name) != 0)
        i++;
    return (enum smtpd_command) i;
}

static struct reply protocol_error(struct session *s, int code, const char *dsn, const char *text)
{
    s->error_classes |= NOTIFY_PROTOCOL;
    return reply(code, dsn, text);
}

static void count_junk(struct session *s)
{
    if (s->junk_count++ > (unsigned) conf.smtpd_junk_command_limit)
        s->error_count++;
}

/* A web browser, or a bot that goes on with the message after DATA was refused. */
static bool is_not_smtp(const char *word)
{
    return smtpd_parse_is_header(word) || match_list_find(smtpd_setup.forbidden_commands, word) == MATCH_YES;
}

/* The beginning of some text, as C escapes, for the log. */
static const char *escaped(struct session *s, const char *bytes, size_t n)
{
    struct str out = {0};

    for (size_t i = 0; i < n && i < 100; i++) {
        static const char plain[] = "\a\b\f\n\r\t\v\\", letters[] = "abfnrtv\\";
        const char *at = bytes[i] == 0 ? NULL : strchr(plain, bytes[i]);
        if (at != NULL)
            str_addf(&out, "\\%c", letters[at - plain]);
        else if (bytes[i] >= ' ' && bytes[i] < 127)
            str_addc(&out, bytes[i]);
        else
            str_addf(&out, "\\%03o", (unsigned char) bytes[i]);
    }
    const char *text = arena_strndup(&s->scratch, str_text(&out), out.len);
    str_done(&out);
    return text;
}

/* What waits to be read. */
static const char *escaped_input(struct session *s)
{
    const char *bytes = "";
    size_t n = stream_has_input(&s->stream) ? stream_peek(&s->stream, &bytes) : 0;

    return escaped(s, bytes, n);
}

static struct reply unknown_command(struct session *s, const struct words *w, const char *line)
{
    s->where = "UNKNOWN";
    if (is_not_smtp(w->item[0].text)) {
        log_warn("non-SMTP command from %s: %s", s->peer.namaddr, escaped(s, line, strlen(line)));
        return (struct reply){
            .code = 221, .dsn = "2.7.0", .text = "Error: I can break rules, too. Goodbye.", .is_last = true};
    }
    if (s->access_is_denied)
        return smtpd_chat_reply(s, 503, "5.7.0", "Error: access denied for %s", s->peer.namaddr);
    return protocol_error(s, 500, "5.5.2", "Error: command not recognized");
}

/* RFC 2920: a client that has not heard our EHLO reply, or does not wait where it must, has not
 * read our answers; most likely it sends spam through a proxy. */
static bool is_pipelining_badly(struct session *s, enum smtpd_command command)
{
    if (s->is_pipelining_badly)
        return true;
    if (s->is_stand_alone) /* a program's whole conversation in a file */
        return false;
    if (s->is_esmtp && (commands[command].flags & LAST) == 0)
        return false;
    if (command == SMTPD_QUIT || !stream_has_input(&s->stream))
        return false;
    log_info("improper command pipelining after %s from %s: %s", commands[command].name, s->peer.namaddr,
        escaped_input(s));
    return s->is_pipelining_badly = true;
}

static struct reply run_command(struct session *s, enum smtpd_command command, const struct words *w)
{
    if (s->access_is_denied && command != SMTPD_QUIT)
        return smtpd_chat_reply(s, 503, "5.7.0", "Error: access denied for %s", s->peer.namaddr);
    s->where = commands[command].name;
    if ((commands[command].flags & JUNK) != 0)
        count_junk(s);
    if (is_pipelining_badly(s, command) && conf.smtpd_forbid_unauth_pipelining) {
        s->error_classes |= NOTIFY_PROTOCOL;
        return (struct reply){
            .code = 554, .dsn = "5.5.0", .text = "Error: SMTP protocol synchronization", .is_last = true};
    }
    return commands[command].handler(s, w);
}

struct reply smtpd_session_command(struct session *s, const char *line, size_t len)
{
    struct words w;

    if (conf.smtputf8_enable && !utf8_is_valid(line, len))
        return protocol_error(s, 500, "5.5.2", "Error: bad UTF-8 syntax");
    if (memchr(line, 0, len) != NULL || !smtpd_parse_words(&s->scratch, line, &w))
        return protocol_error(s, 500, "5.5.2", "Error: bad syntax");
    if (match_list_find(smtpd_setup.noop_commands, w.item[0].text) == MATCH_YES) {
        count_junk(s);
        return reply(250, "2.0.0", "Ok");
    }
    enum smtpd_command command = find_command(w.item[0].text);
    s->count_all[command]++;
    struct reply r = command == SMTPD_COMMANDS ? unknown_command(s, &w, line) : run_command(s, command, &w);
    /* XCLIENT, after which there is a new session, is counted as Postfix counts it. */
    if ((!reply_is_error(&r) || r.is_forgiven) && command != SMTPD_COMMANDS && command != SMTPD_XCLIENT)
        s->count_ok[command]++;
    return r;
}

bool smtpd_session_rejects_bare_lf(void)
{
    return smtpd_setup.bare_lf == BARE_LF_REJECT;
}

static void too_many_errors(struct session *s)
{
    s->reason = "too many errors";
    s->error_classes |= NOTIFY_PROTOCOL;
    struct reply r = smtpd_chat_reply(s, 421, "4.7.0", "%s Error: too many errors", conf.myhostname);
    smtpd_chat_send(s, &r);
}

/* The client has gone silent, or breaks lines in a way that is forbidden: tell it why we go. */
static void last_words(struct session *s)
{
    enum { LAST_WORDS_MS = 1000 };
    struct reply r;

    if (stream_error(&s->stream) == STREAM_TIMEOUT) {
        r = smtpd_chat_reply(s, 421, "4.4.2", "%s Error: timeout exceeded", conf.myhostname);
        s->stream.error = STREAM_OK; /* it may still be listening */
        s->stream.timeout = LAST_WORDS_MS;
        s->stream.deadline = NEVER; /* that of the request has passed */
    } else if (stream_error(&s->stream) == STREAM_OK)
        r = smtpd_chat_reply(s, conf.smtpd_forbid_bare_newline_reject_code, "5.5.2", "%s Error: bare <LF> received",
            conf.myhostname);
    else
        return;
    s->error_classes |= NOTIFY_PROTOCOL;
    smtpd_chat_send(s, &r);
}

bool smtpd_session_step(struct session *s)
{
    if (s->error_count >= (unsigned) conf.smtpd_hard_error_limit) {
        too_many_errors(s);
        return false;
    }
    arena_clear(&s->scratch);
    s->resolved = NULL;
    if (!smtpd_chat_read(s)) {
        last_words(s);
        return false;
    }
    struct reply r;
    if (smtpd_filter_command(s, &r))
        r = smtpd_session_command(s, str_text(&s->line), s->line.len);
    if (reply_is_error(&r) && !r.is_forgiven)
        s->error_count++;
    if (s->reason != NULL) { /* the client was lost within the command */
        last_words(s);
        return false;
    }
    smtpd_chat_send(s, &r);
    return !reply_is_last(&r) && stream_error(&s->stream) == STREAM_OK;
}

/* --- beginning --- */

void smtpd_session_init(struct session *s, int fd)
{
    *s = (struct session){.where = "CONNECT", .service = daemon_service_name()};
    stream_init(&s->stream, fd, (msec) conf.smtpd_timeout * 1000);
}

void smtpd_session_done(struct session *s)
{
    smtpd_mail_free(s);
    stream_done(&s->stream);
    str_done(&s->line);
    str_done(&s->transcript);
    arena_done(&s->scratch);
    arena_done(&s->arena);
}

static bool is_in(struct match_list *list, const char *name, const char *addr)
{
    return match_list_find_client(list, name, addr) == MATCH_YES;
}

static void judge_client(struct session *s)
{
    const struct peer *p = &s->peer;

    s->verbosity = debug_peer_verbosity(p->name, p->addr);
    s->may_xclient = is_in(smtpd_setup.xclient_hosts, p->name, p->addr);
    s->may_xforward = is_in(smtpd_setup.xforward_hosts, p->name, p->addr);
    s->may_verp = is_in(smtpd_setup.verp_clients, p->name, p->addr);
    s->is_excepted = s->may_xclient || is_in(smtpd_setup.limit_exceptions, p->name, p->addr);
    s->allows_bare_lf =
        smtpd_setup.bare_lf == BARE_LF_ALLOW || is_in(smtpd_setup.bare_lf_exclusions, p->name, p->addr);
}

/* False: it was turned away. */
static bool greet(struct session *s)
{
    struct reply r;

    if (!smtpd_limits_connect(s, &r)) {
        s->error_classes |= NOTIFY_POLICY;
        smtpd_chat_send(s, &r);
        return false;
    }
    if (smtpd_restrict_client(s, &r) == REJECT)
        s->access_is_denied = true;
    else
        r = reply(220, NULL, conf.smtpd_banner);
    smtpd_chat_send(s, &r);
    return !reply_is_last(&r);
}

/* --- the end --- */

/* Not of clients that go without QUIT once their mail is in: many do. */
static void log_bad_end(struct session *s)
{
    const char *id = s->mail != NULL && s->mail->queue_id != NULL ? s->mail->queue_id : "NOQUEUE";

    if (s->reason == NULL || (strcmp(s->where, "END-OF-MESSAGE") == 0 && strcmp(s->reason, "lost connection") == 0))
        return;
    if (s->mail != NULL && s->mail->content != NULL)
        log_info("%s: %s after %s (%zu bytes) from %s", id, s->reason, s->where,
            s->mail->content_bytes - s->mail->partial_bytes, s->peer.namaddr);
    else
        log_info("%s: %s after %s from %s", id, s->reason, s->where, s->peer.namaddr);
}

static void log_disconnect(struct session *s)
{
    struct str counts = {0};
    unsigned ok = 0, all = 0;

    for (int i = 0; i < COUNTERS; i++) {
        if (s->count_all[i] == 0)
            continue;
        str_addf(&counts, " %s=%u", commands[i].counter, s->count_ok[i]);
        if (s->count_ok[i] != s->count_all[i])
            str_addf(&counts, "/%u", s->count_all[i]);
        ok += s->count_ok[i];
        all += s->count_all[i];
    }
    if (s->saw_bare_lf)
        str_adds(&counts, " notes=bare_lf");
    str_addf(&counts, " commands=%u", ok);
    if (ok != all || all == 0)
        str_addf(&counts, "/%u", all);
    log_info("disconnect from %s%s", s->peer.namaddr, str_text(&counts));
    str_done(&counts);
}

static void converse(struct session *s)
{
    enum { TURN_COMMANDS = 100 }; /* others want to be served, too */

    if (!greet(s))
        return;
    for (unsigned i = 1; smtpd_session_step(s); i++)
        if (i % TURN_COMMANDS == 0)
            task_yield();
}

void smtpd_session_run(struct daemon_client *client)
{
    struct session *s = mem_alloc(sizeof(*s));

    smtpd_session_init(s, client->fd);
    client->fd = -1;
    s->is_stand_alone = client->is_stdin && getuid() != config_ids.owner_uid;
    if (client->is_stdin)
        smtpd_standalone_attach(&s->stream);
    if (s->is_stand_alone)
        cleanup_through_postdrop();
    smtpd_peer_find(s, client);
    log_info("connect from %s", s->peer.namaddr);
    judge_client(s);
    converse(s);
    stream_flush(&s->stream);
    log_bad_end(s);
    smtpd_limits_disconnect(s);
    smtpd_notify_send(s);
    log_disconnect(s);
    smtpd_session_done(s);
    mem_free(s);
}
