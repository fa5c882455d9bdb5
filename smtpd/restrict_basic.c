/* restrict_basic.c: restrictions that look at nothing but the session.
 */
#include "base/task.h"
#include "config/config.h"
#include "smtpd/restrict_rule.h"

static enum verdict do_permit(struct session *s, const struct rule *rule, struct reply *why)
{
    (void) why;
    return smtpd_verdict_permit(s, rule->what->name, s->checks->class, s->checks->name);
}

static enum verdict do_reject(struct session *s, const struct rule *rule, struct reply *why)
{
    (void) rule;
    return refuse(s, why, conf.reject_code, "5.7.1", "<%s>: %s rejected: Access denied", s->checks->name,
        s->checks->class);
}

static enum verdict do_defer(struct session *s, const struct rule *rule, struct reply *why)
{
    (void) rule;
    return refuse(s, why, conf.defer_code, "4.3.2", "<%s>: %s rejected: Try again later", s->checks->name,
        s->checks->class);
}

static enum verdict do_defer_if_permit(struct session *s, const struct rule *rule, struct reply *why)
{
    (void) rule;
    return defer_if_permit(s, why, "defer_if_permit", 450, "4.7.0", "<%s>: %s rejected: defer_if_permit requested",
        s->checks->name, s->checks->class);
}

static enum verdict do_defer_if_reject(struct session *s, const struct rule *rule, struct reply *why)
{
    (void) rule;
    (void) why;
    return smtpd_verdict_defer_if_reject(s, 450, "4.7.0", "<%s>: %s rejected: defer_if_reject requested",
        s->checks->name, s->checks->class);
}

bool smtpd_restrict_basic_is_final(const struct restriction *what)
{
    return what->evaluate == do_permit || what->evaluate == do_reject || what->evaluate == do_defer;
}

static enum verdict do_sleep(struct session *s, const struct rule *rule, struct reply *why)
{
    (void) why;
    stream_flush(&s->stream);
    task_sleep((msec) rule->number * 1000);
    return DUNNO;
}

static enum verdict reject_unauth_pipelining(struct session *s, const struct rule *rule, struct reply *why)
{
    (void) rule;
    if (!s->is_pipelining_badly)
        return DUNNO;
    return refuse(s, why, 503, "5.5.0", "<%s>: %s rejected: Improper use of SMTP command pipelining",
        s->checks->name, s->checks->class);
}

static enum verdict reject_plaintext_session(struct session *s, const struct rule *rule, struct reply *why)
{
    (void) rule;
    return refuse(s, why, conf.plaintext_reject_code, "5.7.1", "<%s>: %s rejected: Session encryption is required",
        s->checks->name, s->checks->class);
}

/* Nobody is authenticated by SASL or by a certificate in a session without either. */
static enum verdict never(struct session *s, const struct rule *rule, struct reply *why)
{
    (void) s;
    (void) rule;
    (void) why;
    return DUNNO;
}

const struct restriction smtpd_restrict_basic_table[] = {
    /* name                                argument   evaluate                  guards relay */
    {"permit",                             NO_ARG,     do_permit,                false},
    {"reject",                             NO_ARG,     do_reject,                true},
    {"defer",                              NO_ARG,     do_defer,                 true},
    {"defer_if_permit",                    NO_ARG,     do_defer_if_permit,       true},
    {"defer_if_reject",                    NO_ARG,     do_defer_if_reject,       false},
    {"sleep",                              NUMBER_ARG, do_sleep,                 false},
    {"reject_unauth_pipelining",           NO_ARG,     reject_unauth_pipelining, false},
    {"reject_plaintext_session",           NO_ARG,     reject_plaintext_session, false},
    {"permit_sasl_authenticated",          NO_ARG,     never,                    false},
    {"permit_tls_clientcerts",             NO_ARG,     never,                    false},
    {"permit_tls_all_clientcerts",         NO_ARG,     never,                    false},
    {"check_ccert_access",                 MAP_ARG,    never,                    false},
    {"check_sasl_access",                  MAP_ARG,    never,                    false},
    {NULL, NO_ARG, NULL, false}};
