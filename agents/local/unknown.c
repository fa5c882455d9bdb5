#include "agents/local/unknown.h"

#include "agents/local/expand.h"
#include "agents/local/list.h"
#include "agents/local/mailbox.h"
#include "agents/local/report.h"
#include "base/log.h"
#include "config/config.h"
#include "mail/address_list.h"
#include "table/table.h"

static struct table_list *transports;

void local_unknown_open(void)
{
    transports = table_list_open(conf.fallback_transport_maps, TABLE_FOLD | TABLE_NO_REGSUB);
    table_list_set_title(transports, "fallback_transport_maps");
}

/* A header's form of an address is taken for what it means. What is none, or several, is nobody's address. */
static const char *internal_form(const struct target *t, const char *text)
{
    struct address_list *list = address_list_parse(t->job->memory, text, 0);

    return address_list_count(list) == 1 ? address_list_internal(list, 0) : text;
}

static enum outcome relay(const struct target *from)
{
    struct target t = *from;
    struct str address = {0};
    enum outcome outcome;

    t.relayed = t.local;
    t.unmatched = NULL;
    if (local_expand(&t, conf.luser_relay, NULL, NULL, &address) == EXPAND_ERROR)
        outcome = local_report_failed(&t, "4.3.5", "mail system configuration error");
    else
        outcome = local_list_deliver_address(&t, internal_form(&t, str_text(&address)));
    str_done(&address);
    return outcome;
}

/* luser_relay has led to where it began. */
static bool is_back(const struct target *t)
{
    return t->relayed != NULL && strcmp(t->relayed, t->local) == 0;
}

/* RFC 5321 4.5.1, and bounces of bounces: these exist, whether or not anybody reads them. */
static bool is_required(const char *name)
{
    return strcmp(name, "postmaster") == 0 || strcmp(name, "mailer-daemon") == 0;
}

enum outcome local_unknown_deliver(const struct target *t)
{
    struct str transport = {0};
    enum outcome outcome;

    if (!is_back(t) && local_mailbox_is_repeated(t))
        return OUTCOME_DONE;
    switch (table_list_find(transports, t->user, &transport)) {
    case TABLE_FOUND:
        outcome = local_mailbox_pass(t, str_text(&transport));
        str_done(&transport);
        return outcome;
    case TABLE_ERROR:
        return local_report_failed(t, "4.3.0", "table lookup failure");
    case TABLE_ABSENT:
        break;
    }
    if (*conf.fallback_transport != 0)
        return local_mailbox_pass(t, conf.fallback_transport);
    if (*conf.luser_relay != 0 && !is_back(t))
        return relay(t);
    if (!is_required(t->user))
        return local_report_failed(t, "5.1.1", "unknown user: \"%s\"", t->user);
    log_warn("required alias not found: %s", t->user);
    return local_report_sent(t, "discarded");
}
