/* mail.c: MAIL (RFC 5321 4.1.1.2), and the transaction that it begins.
 */
#include "smtpd/mail.h"

#include <strings.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "config/compat.h"
#include "config/config.h"
#include "mail/address_path.h"
#include "mail/anvil_client.h"
#include "mail/dsn.h"
#include "mail/postmaster.h"
#include "queue/envelope.h"
#include "queue/space.h"
#include "smtpd/chat.h"
#include "smtpd/content.h"
#include "smtpd/envelope.h"
#include "smtpd/limits.h"
#include "smtpd/restrict.h"
#include "smtpd/setup.h"
#include "smtpd/xforward.h"

/* --- MAIL --- */

static struct reply bad_syntax(struct session *s)
{
    s->error_classes |= NOTIFY_PROTOCOL;
    return reply(501, "5.5.4", "Syntax: MAIL FROM:<address>");
}

static bool has_smtputf8(const struct words *w)
{
    for (size_t i = 3; i < w->count; i++)
        if (smtpd_parse_is_word(&w->item[i], "SMTPUTF8"))
            return true;
    return false;
}

static bool parse_sender(struct session *s, const struct words *w)
{
    const struct word *word = &w->item[2];
    struct str address = {0};
    int options = ADDRESS_PATH_NULL | (conf.strict_rfc821_envelopes ? ADDRESS_PATH_STRICT : 0);
    bool ok = !word->is_bad && smtpd_parse_address(word->text, options, has_smtputf8(w), &address);

    if (ok)
        s->mail->sender = arena_strndup(&s->mail->arena, str_text(&address), address.len);
    else if (!word->is_bad)
        log_warn("Illegal address syntax from %s in MAIL command: %s", s->peer.namaddr, word->text);
    str_done(&address);
    return ok;
}

/* RFC 3461 4.4: xtext of printable ASCII; kept as what it means. */
static bool parse_envid(struct session *s, const char *text)
{
    struct str id = {0};
    bool ok = s->mail->dsn_envid == NULL && smtpd_parse_xtext(text, &id) && id.len > 0;

    for (size_t i = 0; ok && i < id.len; i++)
        ok = (unsigned char) id.data[i] >= ' ' && (unsigned char) id.data[i] < 127;
    if (ok)
        s->mail->dsn_envid = arena_strdup(&s->mail->arena, str_text(&id));
    str_done(&id);
    return ok;
}

static bool parse_verp(struct session *s, const struct word *word)
{
    const char *delimiters = smtpd_parse_option(word, "XVERP=");

    if (delimiters == NULL)
        delimiters = conf.default_verp_delimiters;
    s->mail->verp = arena_strdup(&s->mail->arena, delimiters);
    return strlen(delimiters) == 2 && strchr(conf.verp_delimiter_filter, delimiters[0]) != NULL &&
        strchr(conf.verp_delimiter_filter, delimiters[1]) != NULL;
}

bool smtpd_mail_lacks_dsn(
    const struct session *s, const struct word *word, const char *one, const char *other, struct reply *why)
{
    if ((s->ehlo_discard & EHLO_DSN) == 0)
        return false;
    if (smtpd_parse_option(word, one) == NULL && smtpd_parse_option(word, other) == NULL)
        return false;
    *why = reply(501, "5.7.1", "DSN support is disabled");
    return true;
}

/* One ESMTP parameter; true: fine, else *why. */
static bool parse_option(struct session *s, const struct word *word, struct reply *why)
{
    struct mail *m = s->mail;
    const char *value;

    if (smtpd_mail_lacks_dsn(s, word, "RET=", "ENVID=", why))
        return false;
    if (smtpd_parse_is_word(word, "BODY=8BITMIME"))
        m->body = BODY_8BIT;
    else if (smtpd_parse_is_word(word, "BODY=7BIT"))
        m->body = BODY_7BIT;
    else if ((value = smtpd_parse_option(word, "SIZE=")) != NULL) {
        *why = value[strspn(value, "0123456789")] == 0 && *value != 0
            ? reply(552, "5.3.4", "Message size exceeds file system imposed limit")
            : reply(501, "5.5.4", "Bad message size syntax");
        return smtpd_parse_number(value, &m->size);
    } else if (conf.smtputf8_enable && smtpd_parse_is_word(word, "SMTPUTF8") &&
        (s->ehlo_discard & EHLO_SMTPUTF8) == 0)
        m->smtputf8 = true;
    else if (smtpd_parse_option(word, "AUTH=") != NULL)
        return true; /* RFC 4954 5: whom we do not trust is taken for <> */
    else if ((value = smtpd_parse_option(word, "RET=")) != NULL) {
        *why = reply(501, "5.5.4", "Bad RET parameter syntax");
        bool is_first = m->dsn_ret == 0;
        m->dsn_ret = smtpd_parse_ret(value);
        return is_first && m->dsn_ret != 0;
    } else if ((value = smtpd_parse_option(word, "ENVID=")) != NULL) {
        *why = reply(501, "5.5.4", "Bad ENVID parameter syntax");
        return parse_envid(s, value);
    } else if (s->may_verp && (smtpd_parse_is_word(word, "XVERP") || smtpd_parse_option(word, "XVERP=") != NULL)) {
        *why = smtpd_chat_reply(
            s, 501, "5.5.4", "Error: XVERP needs two characters from %s", conf.verp_delimiter_filter);
        return parse_verp(s, word);
    } else {
        *why = smtpd_chat_reply(s, 555, "5.5.4", "Unsupported option: %s", word->text);
        return false;
    }
    return true;
}

/* RFC 1870 6.1: refuse by what the client announces, before it sends. */
static enum verdict check_size(struct session *s, struct reply *why)
{
    if (conf.message_size_limit > 0 && s->mail->size > conf.message_size_limit)
        return smtpd_verdict_reply(
            s, NOTIFY_POLICY, why, reply(552, "5.3.4", "Message size exceeds fixed limit"));
    if (!space_is_left(conf.message_size_limit))
        return smtpd_verdict_reply(
            s, NOTIFY_RESOURCE, why, reply(452, "4.3.1", "Insufficient system storage"));
    return DUNNO;
}

bool smtpd_mail_lacks_smtputf8(const struct session *s, const char *which, const char *address)
{
    if (s->mail->smtputf8 || utf8_is_ascii(address, strlen(address)))
        return false;
    if (compat.smtputf8)
        log_info("using backwards-compatible default setting smtputf8_enable=no to accept non-ASCII %s address \"%s\" "
            "from %s", which, address, s->peer.namaddr);
    return conf.smtputf8_enable && conf.strict_smtputf8;
}

/* The transaction has begun; false: *why it must not go on. */
static bool begin(struct session *s, const struct words *w, struct reply *why)
{
    *why = reply(501, "5.1.7", "Bad sender address syntax");
    if (!parse_sender(s, w))
        return false;
    for (size_t i = 3; i < w->count; i++)
        if (!parse_option(s, &w->item[i], why))
            return false;
    if (s->mail->verp != NULL && s->mail->sender[0] == 0) {
        *why = reply(503, "5.5.4", "Error: XVERP requires non-null sender");
        return false;
    }
    *why = reply(553, "5.6.7", "Must declare SMTPUTF8 to send unicode address");
    if (smtpd_mail_lacks_smtputf8(s, "sender", s->mail->sender))
        return false;
    if (check_size(s, why) == REJECT)
        return false;
    return smtpd_restrict_mail(s, why) != REJECT;
}

/* What XFORWARD said stays. */
static void release(struct session *s)
{
    struct mail *m = s->mail;

    s->mail = NULL;
    if (m == NULL)
        return;
    cleanup_cancel(m->cleanup);
    smtpd_content_free(m->content);
    vec_done(&m->prepend, NULL);
    vec_done(&m->bcc, NULL);
    arena_done(&m->arena);
    mem_free(m);
}

struct reply smtpd_mail_cmd(struct session *s, const struct words *w)
{
    struct reply why;

    if (conf.smtpd_helo_required && s->helo_name == NULL)
        return reply(503, "5.5.1", "Error: send HELO/EHLO first");
    if (s->mail != NULL)
        return reply(503, "5.5.1", "Error: nested MAIL command");
    if (s->bdat != BDAT_NONE)
        return reply(503, "5.5.1", "Error: MAIL after BDAT");
    if (w->count < 3 || !smtpd_parse_is_word(&w->item[1], "FROM:"))
        return bad_syntax(s);
    if (!smtpd_limits_count(s, ANVIL_MESSAGE, &why))
        return why;
    s->mail = mem_zalloc(sizeof(*s->mail));
    if (!begin(s, w, &why)) {
        if (why.code >= 500)
            s->error_classes |= NOTIFY_PROTOCOL;
        release(s);
        return why;
    }
    if (!conf.smtpd_delay_open_until_valid_rcpt && !smtpd_mail_open(s)) {
        release(s);
        return reply(451, "4.3.0", "Error: queue file write error");
    }
    return reply(250, "2.1.0", "Ok");
}

/* --- the message with cleanup --- */

static void log_client(struct session *s)
{
    const struct forwarded *f = s->forwarded;

    if (f == NULL)
        log_info("%s: client=%s", s->mail->queue_id, s->peer.namaddr);
    else
        log_info("%s: client=%s%s%s, orig_client=%s", s->mail->queue_id, s->peer.namaddr,
            f->ident != NULL ? ", orig_queue_id=" : "", f->ident != NULL ? f->ident : "", f->namaddr);
}

bool smtpd_mail_open(struct session *s)
{
    struct mail *m = s->mail;

    m->cleanup = cleanup_open(smtpd_setup.cleanup_flags | (m->smtputf8 ? CLEANUP_SMTPUTF8 : 0));
    if (m->cleanup == NULL)
        return false;
    m->queue_id = arena_strdup(&m->arena, cleanup_queue_id(m->cleanup));
    log_client(s);
    return true;
}

/* Restrictions at the end of data may still ask for a hold or a filter. */
void smtpd_mail_begin_content(struct session *s)
{
    if (smtpd_restrict_has_end_of_data())
        cleanup_keep(s->mail->cleanup);
    else
        smtpd_envelope_put(s);
}

struct reply smtpd_mail_failure(struct session *s, int status, const char *reason)
{
    const struct cleanup_words *words = cleanup_words(status);
    char dsn[DSN_STATUS_SIZE];

    if ((status & (CLEANUP_STAT_CONT | CLEANUP_STAT_SIZE)) != 0)
        s->error_classes |= NOTIFY_POLICY;
    else if ((status & (CLEANUP_STAT_HOPS | CLEANUP_STAT_DEFER)) == 0) /* a loop: not for every postmaster on it */
        s->error_classes |= NOTIFY_RESOURCE;
    if (reason[0] == 0)
        return smtpd_chat_reply(s, words->smtp_code, words->dsn, "Error: %s", words->text);
    const char *text = dsn_split(reason, words->dsn, dsn);
    int code = dsn[0] == '4' && words->smtp_code >= 500 ? 450 : words->smtp_code;
    return reply(code, arena_strdup(&s->scratch, dsn), arena_strdup(&s->scratch, text));
}

struct reply smtpd_mail_commit(struct session *s)
{
    struct mail *m = s->mail;
    struct str reason = {0};
    struct reply r;

    if (smtpd_restrict_has_end_of_data())
        smtpd_envelope_put(s);
    m->queue_id = arena_strdup(&s->scratch, m->queue_id);
    int status = cleanup_commit(m->cleanup, &reason);
    m->cleanup = NULL;
    if (status == 0) {
        s->error_count = s->junk_count = 0;
        s->error_classes = 0;
        r = smtpd_chat_reply(s, 250, "2.0.0", "Ok: queued as %s", m->queue_id);
    } else
        r = smtpd_mail_failure(s, status, str_text(&reason));
    str_done(&reason);
    smtpd_mail_free(s);
    return r;
}

void smtpd_mail_free(struct session *s)
{
    release(s);
    s->bdat = BDAT_NONE;
    smtpd_xforward_free(s);
}
