#include "smtpd/recipient.h"

#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "config/compat.h"
#include "config/config.h"
#include "mail/addr_find.h"
#include "mail/dsn.h"
#include "mail/local_domain.h"
#include "smtpd/access.h"
#include "smtpd/restrict_rule.h"
#include "smtpd/setup.h"

static enum table_result find(struct table_list *tables, const char *address)
{
    struct str value = {0};

    if (table_list_count(tables) == 0)
        return TABLE_ABSENT;
    struct addr_find f = {.tables = tables, .steps = ADDR_FIND_ADDRESS, .delimiters = conf.recipient_delimiter,
        .double_bounce = conf.double_bounce_sender, .is_local = local_domain_for_lookup};
    enum table_result r = addr_find(&f, address, &value, NULL);
    str_done(&value);
    return r;
}

/* Is the address rewritten to another, which then counts? That one is not followed: it is taken as
 * good. */
static enum table_result find_rewritten(const char *address, bool is_sender)
{
    struct table_list *const lists[] = {smtpd_setup.rcpt_canonical, is_sender ? smtpd_setup.send_canonical : NULL,
        smtpd_setup.canonical, smtpd_setup.virtual_alias};

    for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
        enum table_result r = lists[i] == NULL ? TABLE_ABSENT : find(lists[i], address);
        if (r != TABLE_ABSENT)
            return r;
    }
    return TABLE_ABSENT;
}

/* Users who exist without being in a table: RFC 5321 4.5.1, and our own bounces. */
static bool is_built_in(const char *address)
{
    const char *const names[] = {conf.double_bounce_sender, "postmaster", "mailer-daemon"};

    for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
        size_t n = strlen(names[i]);
        if (strncasecmp(address, names[i], n) == 0 && address[n] == '@')
            return true;
    }
    return false;
}

struct address_class {
    int flag;
    struct table_list *tables;
    int code;
    const char *text;
};

static struct address_class class_of(int flags)
{
    const struct setup *t = &smtpd_setup;
    const struct address_class classes[] = {
        {RESOLVE_CLASS_LOCAL, t->local_recipient, conf.unknown_local_recipient_reject_code, "local recipient"},
        {RESOLVE_CLASS_VIRTUAL, t->virtual_mailbox, conf.unknown_virtual_mailbox_reject_code, "virtual mailbox"},
        {RESOLVE_CLASS_RELAY, t->relay_recipient, conf.unknown_relay_recipient_reject_code, "relay recipient"},
    };

    for (size_t i = 0; i < ARRAY_SIZE(classes); i++)
        if ((flags & classes[i].flag) != 0)
            return classes[i];
    return (struct address_class){0};
}

/* The resolver says that it cannot be delivered (now): the error or retry transport, whose next hop is the text. */
static enum verdict refuse_error(struct session *s, const struct resolved *r, int code, const char *address,
    const char *class, const char *default_dsn, struct reply *why)
{
    char dsn[DSN_STATUS_SIZE];
    const char *text = dsn_split(r->nexthop, default_dsn, dsn);

    const char *fit = smtpd_access_fit_status(s, arena_strdup(&s->scratch, dsn), class);
    return smtpd_verdict_refuse(s, why, NOTIFY_BOUNCE, code, fit, "<%s>: %s rejected: %s", address, class,
        arena_strdup(&s->scratch, text));
}

static enum verdict judge(struct session *s, const struct resolved *r, const char *address, const char *class,
    struct reply *why)
{
    bool is_sender = strcmp(class, CLASS_SENDER) == 0;
    const char *dsn = is_sender ? "5.1.0" : "5.1.1";

    if (strcmp(r->transport, conf.error_service_name) == 0)
        return refuse_error(s, r, (r->flags & RESOLVE_CLASS_ALIAS) != 0 ? conf.unknown_virtual_alias_reject_code : 550,
            address, class, dsn, why);
    if (strcmp(r->transport, "retry") == 0)
        return refuse_error(s, r, 450, address, class, is_sender ? "4.1.0" : "4.1.1", why);
    if ((r->flags & RESOLVE_CLASS_RELAY) != 0 && compat.relay_domains)
        log_info("using backwards-compatible default setting relay_domains=$mydestination to accept mail for address "
            "\"%s\"", address);
    struct address_class c = class_of(r->flags);
    if (c.tables == NULL || table_list_count(c.tables) == 0 ||
        (c.flag == RESOLVE_CLASS_LOCAL && is_built_in(r->recipient)))
        return DUNNO;
    switch (find(c.tables, r->recipient)) {
    case TABLE_FOUND:
        return DUNNO;
    case TABLE_ABSENT:
        break;
    case TABLE_ERROR:
        return refuse_lookup(s, why, address);
    }
    return smtpd_verdict_refuse(s, why, NOTIFY_BOUNCE, c.code, dsn, "<%s>: %s rejected: User unknown%s%s%s", address,
        class, conf.show_user_unknown_table_name ? " in " : "", conf.show_user_unknown_table_name ? c.text : "",
        conf.show_user_unknown_table_name ? " table" : "");
}

enum verdict smtpd_recipient_check(struct session *s, const char *address, const char *class, struct reply *why)
{
    bool is_sender = strcmp(class, CLASS_SENDER) == 0;

    if (!smtpd_setup.validates_recipients)
        return DUNNO;
    if (!is_sender && !s->checks->is_warning)
        s->checks->is_recipient_checked = true;
    const struct resolved *r = smtpd_restrict_resolve(s, address);
    if (r == NULL)
        return refuse_lookup(s, why, address);
    switch (find_rewritten(r->recipient, is_sender)) {
    case TABLE_FOUND:
        return DUNNO;
    case TABLE_ABSENT:
        return judge(s, r, address, class, why);
    case TABLE_ERROR:
        return refuse_lookup(s, why, address);
    }
    return DUNNO;
}
