/* rcpt.c: RCPT (RFC 5321 4.1.1.3).
 */
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/utf8.h"
#include "config/config.h"
#include "mail/address_path.h"
#include "mail/anvil_client.h"
#include "mail/verify_sender.h"
#include "smtpd/chat.h"
#include "smtpd/content.h"
#include "smtpd/limits.h"
#include "smtpd/mail.h"
#include "smtpd/restrict.h"
#include "smtpd/setup.h"

struct recipient {
    const char *address, *path, *dsn_orcpt; /* path: as the client gave it, without <> */
    int dsn_notify;
};

static bool parse_address(struct session *s, const struct word *word, struct recipient *rcpt)
{
    struct str address = {0};
    int options = conf.strict_rfc821_envelopes ? ADDRESS_PATH_STRICT : 0;
    bool ok = !word->is_bad && smtpd_parse_address(word->text, options, s->mail->smtputf8, &address) &&
        address.len > 0;

    if (ok) {
        size_t n = strlen(word->text);
        bool has_brackets = n >= 2 && word->text[0] == '<' && word->text[n - 1] == '>';
        rcpt->address = arena_strndup(&s->scratch, str_text(&address), address.len);
        rcpt->path = has_brackets ? arena_strndup(&s->scratch, word->text + 1, n - 2) : word->text;
    } else if (!word->is_bad)
        log_warn("Illegal address syntax from %s in RCPT command: %s", s->peer.namaddr, word->text);
    str_done(&address);
    return ok;
}

/* A reply to a probe of ours comes to a sender that changes with time: it is the plain one that exists. */
static void take_verify_sender(struct session *s, struct recipient *rcpt)
{
    struct str plain = {0};

    if (verify_sender_is_ours(rcpt->address, &plain))
        rcpt->address = arena_strdup(&s->scratch, str_text(&plain));
    str_done(&plain);
}

/* One ESMTP parameter; true: fine, else *why. */
static bool parse_option(struct session *s, const struct word *word, struct recipient *rcpt, struct reply *why)
{
    struct str orcpt = {0};
    const char *value;

    if (smtpd_mail_lacks_dsn(s, word, "NOTIFY=", "ORCPT=", why))
        return false;
    if ((value = smtpd_parse_option(word, "NOTIFY=")) != NULL) {
        *why = reply(501, "5.5.4", "Error: Bad NOTIFY parameter syntax");
        bool is_first = rcpt->dsn_notify == 0;
        rcpt->dsn_notify = smtpd_parse_notify(&s->scratch, value);
        return is_first && rcpt->dsn_notify != 0;
    }
    if ((value = smtpd_parse_option(word, "ORCPT=")) != NULL) {
        *why = reply(501, "5.5.4", "Error: Bad ORCPT parameter syntax");
        bool ok = rcpt->dsn_orcpt == NULL && smtpd_parse_orcpt(value, &orcpt);
        rcpt->dsn_orcpt = arena_strdup(&s->scratch, str_text(&orcpt));
        str_done(&orcpt);
        return ok;
    }
    *why = smtpd_chat_reply(s, 555, "5.5.4", "Unsupported option: %s", word->text);
    return false;
}

static bool parse(struct session *s, const struct words *w, struct recipient *rcpt, struct reply *why)
{
    *why = reply(501, "5.1.3", "Bad recipient address syntax");
    if (!parse_address(s, &w->item[2], rcpt))
        return false;
    for (size_t i = 3; i < w->count; i++)
        if (!parse_option(s, &w->item[i], rcpt, why))
            return false;
    *why = reply(553, "5.6.7", "Must declare SMTPUTF8 to send unicode address");
    return !smtpd_mail_lacks_smtputf8(s, "recipient", rcpt->address);
}

/* RFC 5321 4.5.3.1.10: a temporary code, or the client returns the mail. One that goes on and on
 * is counted as making errors. */
static struct reply too_many(struct session *s)
{
    s->error_classes |= NOTIFY_POLICY;
    struct reply r = reply(452, "4.5.3", "Error: too many recipients");
    r.is_forgiven = s->mail->overshoot++ < (unsigned) conf.smtpd_recipient_overshoot_limit;
    return r;
}

/* Without ORCPT the recipient as it came, quotes, source route and all, is the original one: RFC 3461 5.2.1
 * wants it kept. */
static void add(struct session *s, const struct recipient *rcpt)
{
    struct mail *m = s->mail;
    const char *orcpt = rcpt->dsn_orcpt;

    if (orcpt == NULL)
        orcpt = arena_printf(&s->scratch, "%s;%s", m->smtputf8 && !utf8_is_ascii(rcpt->address, strlen(rcpt->address)) ?
            "utf-8" : "rfc822", rcpt->path);
    cleanup_recipient(m->cleanup, rcpt->address, rcpt->address, orcpt, rcpt->dsn_notify);
    if (m->rcpt_count++ == 0)
        m->first_rcpt = arena_strdup(&m->arena, rcpt->address);
}

struct reply smtpd_rcpt_cmd(struct session *s, const struct words *w)
{
    struct recipient rcpt = {0};
    struct reply why;

    if (s->mail == NULL)
        return reply(503, "5.5.1", "Error: need MAIL command");
    if (s->bdat != BDAT_NONE)
        return reply(503, "5.5.1", "Error: RCPT after BDAT");
    if (w->count < 3 || !smtpd_parse_is_word(&w->item[1], "TO:"))
        return reply(501, "5.5.4", "Syntax: RCPT TO:<address>");
    if (!smtpd_limits_count(s, ANVIL_RECIPIENT, &why))
        return why;
    if (!parse(s, w, &rcpt, &why))
        return why;
    if (s->mail->rcpt_count >= (unsigned) conf.smtpd_recipient_limit)
        return too_many(s);
    take_verify_sender(s, &rcpt);
    if (smtpd_restrict_rcpt(s, rcpt.address, &why) == REJECT)
        return why;
    if (s->mail->cleanup == NULL && !smtpd_mail_open(s))
        return reply(451, "4.3.0", "Error: queue file write error");
    add(s, &rcpt);
    return reply(250, "2.1.5", "Ok");
}
