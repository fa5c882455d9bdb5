/* misc.c: RSET, NOOP, VRFY, HELP and QUIT (RFC 5321 4.1.1); STARTTLS and AUTH where they are not offered.
 */
#include <string.h>

#include "base/log.h"
#include "config/config.h"
#include "smtpd/chat.h"
#include "smtpd/mail.h"
#include "smtpd/notify.h"
#include "smtpd/restrict.h"
#include "smtpd/setup.h"

struct reply smtpd_misc_rset_cmd(struct session *s, const struct words *w)
{
    if (w->count != 1)
        return reply(501, "5.5.4", "Syntax: RSET");
    smtpd_mail_free(s);
    smtpd_notify_flush(s);
    return reply(250, "2.0.0", "Ok");
}

struct reply smtpd_misc_noop_cmd(struct session *s, const struct words *w)
{
    (void) s;
    (void) w;
    return reply(250, "2.0.0", "Ok");
}

struct reply smtpd_misc_quit_cmd(struct session *s, const struct words *w)
{
    (void) w;
    smtpd_mail_free(s);
    return (struct reply){.code = 221, .dsn = "2.0.0", .text = "Bye", .is_last = true};
}

struct reply smtpd_misc_help_cmd(struct session *s, const struct words *w)
{
    (void) w;
    return smtpd_chat_reply(s, 214, "2.0.0", "Commands: %s%sHELO EHLO MAIL RCPT DATA BDAT RSET NOOP %s%sHELP QUIT",
        s->may_xclient ? "XCLIENT " : "", s->may_xforward ? "XFORWARD " : "",
        conf.disable_vrfy_command ? "" : "VRFY ", (s->ehlo_discard & EHLO_ETRN) == 0 ? "ETRN " : "");
}

/* Clients try, offered or not; log readers count who does it how often. */
struct reply smtpd_misc_starttls_cmd(struct session *s, const struct words *w)
{
    (void) s;
    if (w->count != 1)
        return reply(501, "5.5.4", "Syntax: STARTTLS");
    return reply(502, "5.5.1", "Error: command not implemented");
}

struct reply smtpd_misc_auth_cmd(struct session *s, const struct words *w)
{
    (void) w;
    if (conf.smtpd_helo_required && s->helo_name == NULL)
        return reply(503, "5.5.1", "Error: send HELO/EHLO first");
    return reply(503, "5.5.1", "Error: authentication not enabled");
}

/* The address as VRFY has it: with or without <>. */
static const char *vrfy_address(struct session *s, const struct words *w)
{
    struct str address = {0};
    const struct word *last = &w->item[w->count - 1];
    bool has_smtputf8 = conf.smtputf8_enable && w->count > 2 && smtpd_parse_is_word(last, "SMTPUTF8");
    const char *result = NULL;

    if (w->count - has_smtputf8 == 2 && !w->item[1].is_bad &&
        smtpd_parse_address(w->item[1].text, 0, has_smtputf8, &address) && address.len > 0)
        result = arena_strdup(&s->scratch, str_text(&address));
    str_done(&address);
    return result;
}

/* RFC 5321 3.5.3: 252, since whether mail can be delivered is not known before it is. */
struct reply smtpd_misc_vrfy_cmd(struct session *s, const struct words *w)
{
    struct reply why;

    if (conf.disable_vrfy_command)
        return reply(502, "5.5.1", "VRFY command is disabled");
    if (conf.smtpd_helo_required && s->helo_name == NULL)
        return reply(503, "5.5.1", "Error: send HELO/EHLO first");
    if (w->count < 2)
        return smtpd_chat_reply(
            s, 501, "5.5.4", "Syntax: VRFY address%s", conf.smtputf8_enable ? " [SMTPUTF8]" : "");
    const char *address = vrfy_address(s, w);
    if (address == NULL) {
        log_warn("Illegal address syntax from %s in VRFY command: %s", s->peer.namaddr,
            smtpd_parse_rest(&s->scratch, w, 1));
        return reply(501, "5.1.3", "Bad recipient address syntax");
    }
    if (smtpd_restrict_rcpt(s, address, &why) == REJECT)
        return why;
    return reply(252, "2.0.0", w->item[1].text);
}
