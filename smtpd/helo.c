/* helo.c: HELO and EHLO (RFC 5321 4.1.1.1), and what we announce.
 */
#include <string.h>

#include "config/config.h"
#include "smtpd/chat.h"
#include "smtpd/mail.h"
#include "smtpd/notify.h"
#include "smtpd/restrict.h"
#include "smtpd/setup.h"
#include "smtpd/xclient.h"
#include "smtpd/xforward.h"

/* The name, if the client may go on with it. It lives as long as the session, which is why a
 * client that greets again and again with the same name costs nothing. */
static const char *greeting_name(struct session *s, const struct words *w, struct reply *why)
{
    const char *name = smtpd_parse_rest(&s->scratch, w, 1);

    if (smtpd_restrict_helo(s, name, why) == REJECT)
        return NULL;
    if (s->helo_name != NULL && strcmp(s->helo_name, name) == 0)
        return s->helo_name;
    return arena_strdup(&s->arena, name);
}

static void begin_anew(struct session *s, const char *name)
{
    smtpd_mail_free(s);
    smtpd_notify_flush(s);
    s->helo_name = name;
}

struct reply smtpd_helo_cmd(struct session *s, const struct words *w)
{
    struct reply why;

    if (w->count < 2) {
        s->error_classes |= NOTIFY_PROTOCOL;
        return reply(501, NULL, "Syntax: HELO hostname");
    }
    const char *name = greeting_name(s, w, &why);
    if (name == NULL)
        return why;
    begin_anew(s, name); /* who has said EHLO before goes on with ESMTP */
    return reply(250, NULL, conf.myhostname);
}

/* smtpd_discard_ehlo_keyword_address_maps, else smtpd_discard_ehlo_keywords. */
static unsigned discarded(struct session *s)
{
    struct str words = {0};
    unsigned mask = smtpd_setup.ehlo_discard_always;

    if (table_list_count(smtpd_setup.ehlo_discard) > 0 &&
        table_list_find(smtpd_setup.ehlo_discard, s->peer.addr, &words) == TABLE_FOUND)
        mask = ehlo_mask_parse(str_text(&words));
    str_done(&words);
    ehlo_mask_log(mask);
    if (!conf.smtputf8_enable)
        mask |= EHLO_SMTPUTF8;
    return mask;
}

/* RFC 1870, 1985, 2034, 2920, 3030, 3461, 6152, 6531: only what is meant. */
static const char *keywords(struct session *s)
{
    const struct {
        unsigned bit;
        bool is_there;
        const char *text;
    } table[] = {
        {EHLO_PIPELINING, true, "PIPELINING"},
        {EHLO_SIZE, true, conf.message_size_limit > 0 ? arena_printf(&s->scratch, "SIZE %ld", conf.message_size_limit) :
            "SIZE"},
        {EHLO_VRFY, !conf.disable_vrfy_command, "VRFY"},
        {EHLO_ETRN, true, "ETRN"},
        {EHLO_VERP, s->may_verp, "XVERP"},
        {EHLO_XCLIENT, s->may_xclient, "XCLIENT " XCLIENT_ATTRIBUTES},
        {EHLO_XFORWARD, s->may_xforward, "XFORWARD " XFORWARD_ATTRIBUTES},
        {EHLO_STATUS, true, "ENHANCEDSTATUSCODES"},
        {EHLO_8BITMIME, true, "8BITMIME"},
        {EHLO_DSN, true, "DSN"},
        {EHLO_SMTPUTF8, true, "SMTPUTF8"},
        {EHLO_CHUNKING, true, "CHUNKING"},
    };
    struct str text = {0};

    str_adds(&text, conf.myhostname);
    for (size_t i = 0; i < ARRAY_SIZE(table); i++)
        if (table[i].is_there && (s->ehlo_discard & table[i].bit) == 0)
            str_addf(&text, "\n%s", table[i].text);
    const char *kept = arena_strdup(&s->scratch, str_text(&text));
    str_done(&text);
    return kept;
}

struct reply smtpd_helo_ehlo_cmd(struct session *s, const struct words *w)
{
    struct reply why;

    if (w->count < 2) {
        s->error_classes |= NOTIFY_PROTOCOL;
        return reply(501, NULL, "Syntax: EHLO hostname");
    }
    const char *name = greeting_name(s, w, &why);
    if (name == NULL)
        return why;
    begin_anew(s, name);
    s->is_esmtp = true;
    s->ehlo_discard = discarded(s);
    return reply(250, NULL, keywords(s));
}
