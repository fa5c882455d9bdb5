/* restrict.c: the states at which restrictions are applied, and the loop that applies them.
 */
#include "smtpd/restrict.h"

#include <string.h>

#include "base/log.h"
#include "config/compat.h"
#include "config/config.h"
#include "mail/quote.h"
#include "smtpd/recipient.h"
#include "smtpd/restrict_parse.h"
#include "smtpd/restrict_recipient.h"
#include "smtpd/restrict_rule.h"
#include "smtpd/setup.h"
#include "table/key.h"

enum { MAX_DEPTH = 100 }; /* classes that name each other */

/* After "permit" nothing counts any more; whoever wrote more meant something else. */
static void warn_of_rest(const struct rules *rules, size_t i, bool is_warning)
{
    const struct rule *list = rules->list;

    if (i + 1 < rules->count && !is_warning && smtpd_restrict_basic_is_final(list[i].what))
        log_warn("restriction `%s' after `%s' is ignored", list[i + 1].word, list[i].what->name);
}

static enum verdict evaluate(struct session *s, const struct rules *rules, struct reply *why)
{
    struct checks *c = s->checks;
    enum verdict v = DUNNO;

    if (c->depth == MAX_DEPTH) {
        log_warn("smtpd restrictions: unreasonable nesting of restriction classes in %s", rules->parameter);
        return refuse_configuration(s, why);
    }
    c->depth++;
    for (size_t i = 0; i < rules->count && v == DUNNO; i++) {
        bool was_warning = c->is_warning;
        c->is_warning = was_warning || rules->list[i].is_warning;
        v = rules->list[i].what->evaluate(s, &rules->list[i], why);
        warn_of_rest(rules, i, c->is_warning);
        c->is_warning = was_warning;
    }
    c->depth--;
    return v;
}

enum verdict smtpd_restrict_class(struct session *s, const struct rule *rule, struct reply *why)
{
    return evaluate(s, rule->list, why);
}

enum verdict smtpd_restrict_text(struct session *s, const char *text, const char *source, struct reply *why)
{
    return evaluate(s, smtpd_restrict_parse_text(&s->scratch, source, text), why);
}

/* Tables of patterns, too, see an address in one spelling. */
static const char *folded(struct arena *a, const char *address)
{
    struct str buf = {0};

    key_fold(address, strlen(address), conf.smtputf8_enable, &buf);
    const char *text = arena_strndup(a, str_text(&buf), buf.len);
    str_done(&buf);
    return text;
}

const struct resolved *smtpd_restrict_resolve(struct session *s, const char *address)
{
    struct str quoted = {0}, rewritten = {0}, internal = {0};
    const char *sender = s->mail == NULL ? "" : s->mail->sender;

    if (s->resolved != NULL && strcmp(s->resolved_address, address) == 0)
        return s->resolved;
    struct resolved *r = arena_new(&s->scratch, struct resolved);
    bool ok = rewrite_address("local", quote_822(address, &quoted), &rewritten);
    if (ok) {
        quote_remove(&internal, str_text(&rewritten));
        ok = resolve_address(&s->scratch, sender, str_text(&internal), r);
    }
    str_done(&quoted);
    str_done(&rewritten);
    str_done(&internal);
    if (!ok || (r->flags & RESOLVE_FAIL) != 0)
        return NULL;
    r->recipient = folded(&s->scratch, r->recipient);
    s->resolved = r;
    s->resolved_address = arena_strdup(&s->scratch, address);
    return r;
}

/* --- the states --- */

/* Begin an evaluation. What an earlier state found out too late, this one goes on with. */
static void begin(struct session *s, struct checks *c, const struct pending *earlier)
{
    *c = (struct checks){0};
    if (earlier != NULL)
        c->defer_if_permit = *earlier;
    s->checks = c;
}

static struct pending keep(struct arena *a, const struct pending *p)
{
    struct pending kept = *p;

    if (p->is_active) {
        kept.text = arena_strdup(a, p->text);
        kept.dsn = arena_strdup(a, p->dsn);
    }
    return kept;
}

/* One list of an evaluation that has begun. */
static enum verdict apply(struct session *s, const struct rules *rules, const char *name, const char *class,
    struct reply *why)
{
    s->checks->name = name;
    s->checks->class = class;
    s->checks->defer_if_reject.is_active = false;
    return s->is_stand_alone ? DUNNO : evaluate(s, rules, why);
}

/* What would be permitted now is deferred if something could not be found out on the way. */
static enum verdict settle(struct session *s, enum verdict v, struct reply *why)
{
    const struct pending *p = &s->checks->defer_if_permit;

    if (v != REJECT && p->is_active)
        v = refuse(s, why, p->code, p->dsn, "%s", p->text);
    return v;
}

static enum verdict end(struct session *s, enum verdict v)
{
    s->checks = NULL;
    return v;
}

enum verdict smtpd_restrict_client(struct session *s, struct reply *why)
{
    struct checks c;

    if (conf.smtpd_delay_reject)
        return DUNNO;
    begin(s, &c, NULL);
    enum verdict v = apply(s, smtpd_setup.client, s->peer.namaddr, CLASS_CLIENT, why);
    s->defer_client = keep(&s->arena, &c.defer_if_permit);
    return end(s, v);
}

enum verdict smtpd_restrict_helo(struct session *s, const char *name, struct reply *why)
{
    struct checks c;
    const char *before = s->helo_name;

    if (conf.smtpd_delay_reject)
        return DUNNO;
    begin(s, &c, &s->defer_client);
    s->helo_name = name; /* is being checked, and logged, but counts only if it passes */
    enum verdict v = apply(s, smtpd_setup.helo, name, CLASS_HELO, why);
    s->helo_name = before;
    s->defer_helo = keep(&s->arena, &c.defer_if_permit);
    return end(s, v);
}

static enum verdict apply_sender(struct session *s, struct reply *why)
{
    const char *sender = s->mail->sender;
    enum verdict v = apply(s, smtpd_setup.sender, sender, CLASS_SENDER, why);

    if (v == REJECT || !conf.smtpd_reject_unlisted_sender || s->is_stand_alone || *sender == 0)
        return v;
    return smtpd_recipient_check(s, sender, CLASS_SENDER, why) == REJECT ? REJECT : v;
}

enum verdict smtpd_restrict_mail(struct session *s, struct reply *why)
{
    struct checks c;

    if (conf.smtpd_delay_reject)
        return DUNNO;
    begin(s, &c, &s->defer_helo);
    enum verdict v = apply_sender(s, why);
    s->mail->defer_if_permit = keep(&s->mail->arena, &c.defer_if_permit);
    return end(s, v);
}

/* What smtpd_delay_reject has put off until there is a recipient to log. */
static enum verdict apply_delayed(struct session *s, bool has_sender, struct reply *why)
{
    if (apply(s, smtpd_setup.client, s->peer.namaddr, CLASS_CLIENT, why) == REJECT)
        return REJECT;
    if (s->helo_name != NULL && apply(s, smtpd_setup.helo, s->helo_name, CLASS_HELO, why) == REJECT)
        return REJECT;
    if (has_sender && apply_sender(s, why) == REJECT)
        return REJECT;
    return DUNNO;
}

static enum verdict apply_relay(struct session *s, const char *recipient, struct reply *why)
{
    if (compat.relay_restrictions)
        smtpd_restrict_recipient_note_relay(s, recipient);
    return apply(s, smtpd_setup.relay, recipient, CLASS_RECIPIENT, why);
}

static enum verdict apply_relay_and_recipient(struct session *s, const char *recipient, struct reply *why)
{
    if (conf.smtpd_relay_before_recipient_restrictions) {
        enum verdict v = apply_relay(s, recipient, why);
        return v == REJECT ? v : apply(s, smtpd_setup.recipient, recipient, CLASS_RECIPIENT, why);
    }
    if (apply(s, smtpd_setup.recipient, recipient, CLASS_RECIPIENT, why) != REJECT)
        return apply_relay(s, recipient, why);
    if (compat.relay_after_recipient)
        log_info("using backwards-compatible default setting smtpd_relay_before_recipient_restrictions=no to reject "
            "recipient \"%s\" from client \"%s\"", recipient, s->peer.namaddr);
    return REJECT;
}

static enum verdict apply_recipient(struct session *s, const char *recipient, struct reply *why)
{
    if (conf.smtpd_delay_reject && apply_delayed(s, s->mail != NULL, why) == REJECT)
        return REJECT;
    enum verdict v = settle(s, apply_relay_and_recipient(s, recipient, why), why);
    bool is_discard = s->mail != NULL && s->mail->is_discard;
    bool is_due = conf.smtpd_reject_unlisted_recipient && !s->checks->is_recipient_checked && !is_discard;
    if (v != REJECT && is_due && !s->is_stand_alone)
        v = smtpd_recipient_check(s, recipient, CLASS_RECIPIENT, why);
    return v;
}

/* VRFY asks for what RCPT would say, and may come before MAIL. */
enum verdict smtpd_restrict_rcpt(struct session *s, const char *recipient, struct reply *why)
{
    struct checks c;

    begin(s, &c, s->mail != NULL ? &s->mail->defer_if_permit : &s->defer_helo);
    s->recipient = recipient;
    enum verdict v = apply_recipient(s, recipient, why);
    s->recipient = NULL;
    return end(s, v);
}

enum verdict smtpd_restrict_etrn(struct session *s, const char *domain, struct reply *why)
{
    struct checks c;

    begin(s, &c, &s->defer_helo);
    enum verdict v = conf.smtpd_delay_reject ? apply_delayed(s, false, why) : DUNNO;
    if (v != REJECT)
        v = settle(s, apply(s, smtpd_setup.etrn, domain, CLASS_ETRN, why), why);
    return end(s, v);
}

/* A list that is about all recipients at once: one of several would mislead. */
static enum verdict apply_to_message(struct session *s, const struct rules *rules, const char *name, const char *class,
    struct reply *why)
{
    struct checks c;

    begin(s, &c, NULL);
    s->recipient = s->mail->rcpt_count == 1 ? s->mail->first_rcpt : NULL;
    enum verdict v = settle(s, apply(s, rules, name, class, why), why);
    s->recipient = NULL;
    return end(s, v);
}

enum verdict smtpd_restrict_data(struct session *s, struct reply *why)
{
    return apply_to_message(s, smtpd_setup.data, "DATA", CLASS_DATA, why);
}

enum verdict smtpd_restrict_end_of_data(struct session *s, struct reply *why)
{
    return apply_to_message(s, smtpd_setup.end_of_data, "END-OF-MESSAGE", CLASS_END_OF_DATA, why);
}

bool smtpd_restrict_is_local_rewrite(struct session *s)
{
    struct checks c;
    struct reply unused;

    begin(s, &c, NULL);
    c.is_silent = true;
    return end(s, apply(s, smtpd_setup.local_rewrite, s->peer.namaddr, CLASS_CLIENT, &unused)) == PERMIT;
}

bool smtpd_restrict_has_end_of_data(void)
{
    return smtpd_setup.end_of_data->count > 0;
}
