/* restrict_dns.c: restrictions that ask lists in the DNS.
 */
#include <stdlib.h>
#include <string.h>

#include "base/log.h"
#include "base/words.h"
#include "config/config.h"
#include "mail/address.h"
#include "smtpd/rbl.h"
#include "smtpd/restrict_rule.h"
#include "smtpd/setup.h"

/* What default_rbl_reply and rbl_reply_maps may name. */
struct listing {
    struct session *s;
    const struct rule *rule;
    const struct rbl_hit *hit;
    const char *what;   /* the address or domain that is listed */
    const char *class;  /* "Client host" */
};

static const char *lookup(void *context, const char *name)
{
    const struct listing *l = context;
    const struct {
        const char *name, *value;
    } names[] = {{"rbl_code", arena_printf(&l->s->scratch, "%d", conf.maps_rbl_reject_code)},
        {"rbl_domain", smtpd_rbl_domain(l->rule->rbl)}, {"rbl_reason", l->hit->reason}, {"rbl_txt", l->hit->reason},
        {"rbl_what", l->what}, {"rbl_class", l->class}, {"client_address", l->s->peer.addr},
        {"client_name", l->s->peer.name}, {"helo_name", l->s->helo_name == NULL ? "" : l->s->helo_name},
        {"sender", l->s->mail == NULL ? "" : l->s->mail->sender},
        {"recipient", l->s->recipient == NULL ? "" : l->s->recipient}};

    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (strcmp(name, names[i].name) == 0)
            return names[i].value;
    return NULL;
}

static enum verdict refuse_listed(struct listing *l, struct reply *why)
{
    struct str template = {0}, text = {0}, error = {0};
    int code = conf.maps_rbl_reject_code;

    if (table_list_count(smtpd_setup.rbl_reply) == 0 ||
        table_list_find(smtpd_setup.rbl_reply, l->rule->text, &template) != TABLE_FOUND)
        str_set(&template, conf.default_rbl_reply);
    if (!config_expand(str_text(&template), lookup, l, &text, &error))
        log_warn("%s: bad rbl reply template: %s", l->rule->text, str_text(&error));
    const char *words = arena_strdup(&l->s->scratch, str_text(&text));
    if (words[strspn(words, "0123456789")] == ' ') {
        code = atoi(words);
        words += strspn(words, "0123456789") + 1;
    }
    str_done(&template);
    str_done(&text);
    str_done(&error);
    return refuse(l->s, why, code, "5.7.1", "%s", words);
}

static enum verdict reject_rbl_client(struct session *s, const struct rule *rule, struct reply *why)
{
    struct rbl_hit hit;
    bool is_error;

    if (!smtpd_rbl_has_address(s, rule->rbl, &s->peer.sock, &hit, &is_error))
        return DUNNO;
    struct listing l = {.s = s, .rule = rule, .hit = &hit, .what = s->peer.addr, .class = CLASS_CLIENT};
    return refuse_listed(&l, why);
}

/* As before lists were named one by one. */
static enum verdict reject_maps_rbl(struct session *s, const struct rule *rule, struct reply *why)
{
    enum verdict v = DUNNO;
    char *cursor = arena_strdup(&s->scratch, conf.maps_rbl_domains);

    log_warn("support for restriction \"%s\" will be removed from %s; use \"%s domain-name\" instead",
        rule->what->name, conf.mail_name, "reject_rbl_client");
    for (char *word; v == DUNNO && (word = words_next(&cursor, WORDS_LIST)) != NULL;) {
        const struct rule one = {.what = rule->what, .text = word, .rbl = smtpd_rbl_parse(&s->scratch, word)};
        if (one.rbl != NULL)
            v = reject_rbl_client(s, &one, why);
    }
    return v;
}

/* what: the address of which it is the domain, or the domain itself. */
static enum verdict reject_listed_domain(struct session *s, const struct rule *rule, const char *domain,
    const char *what, const char *class, struct reply *why)
{
    struct rbl_hit hit;
    bool is_error;

    if (domain == NULL || strcmp(domain, "unknown") == 0)
        return DUNNO;
    if (!smtpd_rbl_has_domain(s, rule->rbl, domain, &hit, &is_error))
        return DUNNO;
    struct listing l = {.s = s, .rule = rule, .hit = &hit, .what = what, .class = class};
    return refuse_listed(&l, why);
}

static enum verdict reject_listed_address(struct session *s, const struct rule *rule, const char *address,
    const char *class, struct reply *why)
{
    return reject_listed_domain(s, rule, address == NULL ? NULL : address_domain(address), address, class, why);
}

static enum verdict reject_rhsbl_client(struct session *s, const struct rule *rule, struct reply *why)
{
    return reject_listed_domain(s, rule, s->peer.name, s->peer.name, CLASS_CLIENT, why);
}

static enum verdict reject_rhsbl_reverse(struct session *s, const struct rule *rule, struct reply *why)
{
    return reject_listed_domain(s, rule, s->peer.reverse_name, s->peer.reverse_name, CLASS_REVERSE_CLIENT, why);
}

static enum verdict reject_rhsbl_helo(struct session *s, const struct rule *rule, struct reply *why)
{
    return reject_listed_domain(s, rule, s->helo_name, s->helo_name, CLASS_HELO, why);
}

static enum verdict reject_rhsbl_sender(struct session *s, const struct rule *rule, struct reply *why)
{
    return reject_listed_address(s, rule, s->mail == NULL ? NULL : s->mail->sender, CLASS_SENDER, why);
}

static enum verdict reject_rhsbl_recipient(struct session *s, const struct rule *rule, struct reply *why)
{
    return reject_listed_address(s, rule, s->recipient, CLASS_RECIPIENT, why);
}

/* A list of the good that does not answer must not cost mail: what is refused later is deferred. */
static enum verdict conclude_good(struct session *s, const struct rule *rule, bool is_listed, bool is_error)
{
    if (is_error)
        return smtpd_verdict_defer_if_reject(s, 450, "4.7.1", "<%s>: %s rejected: %s: Service unavailable",
            s->peer.namaddr, CLASS_CLIENT, rule->text);
    return is_listed ? smtpd_verdict_permit(s, rule->what->name, CLASS_CLIENT, s->peer.namaddr) : DUNNO;
}

static enum verdict permit_dnswl_client(struct session *s, const struct rule *rule, struct reply *why)
{
    struct rbl_hit hit;
    bool is_error;

    (void) why;
    bool is_listed = smtpd_rbl_has_address(s, rule->rbl, &s->peer.sock, &hit, &is_error);
    return conclude_good(s, rule, is_listed, is_error);
}

static enum verdict permit_rhswl_client(struct session *s, const struct rule *rule, struct reply *why)
{
    struct rbl_hit hit;
    bool is_error;

    (void) why;
    if (strcmp(s->peer.name, "unknown") == 0)
        return DUNNO;
    bool is_listed = smtpd_rbl_has_domain(s, rule->rbl, s->peer.name, &hit, &is_error);
    return conclude_good(s, rule, is_listed, is_error);
}

const struct restriction smtpd_restrict_dns_table[] = {
    {"reject_rbl_client",           DOMAIN_ARG, reject_rbl_client,      false},
    {"reject_rbl",                  DOMAIN_ARG, reject_rbl_client,      false},
    {"reject_maps_rbl",             NO_ARG,     reject_maps_rbl,        false},
    {"reject_rhsbl_client",         DOMAIN_ARG, reject_rhsbl_client,    false},
    {"reject_rhsbl_reverse_client", DOMAIN_ARG, reject_rhsbl_reverse,   false},
    {"reject_rhsbl_helo",           DOMAIN_ARG, reject_rhsbl_helo,      false},
    {"reject_rhsbl_sender",         DOMAIN_ARG, reject_rhsbl_sender,    false},
    {"reject_rhsbl_recipient",      DOMAIN_ARG, reject_rhsbl_recipient, false},
    {"permit_dnswl_client",         DOMAIN_ARG, permit_dnswl_client,    false},
    {"permit_rhswl_client",         DOMAIN_ARG, permit_rhswl_client,    false},
    {NULL, NO_ARG, NULL, false}};
