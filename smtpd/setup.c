#include "smtpd/setup.h"

#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/words.h"
#include "config/compat.h"
#include "config/config.h"
#include "config/interfaces.h"
#include "mail/cleanup_client.h"
#include "mail/debug_peer.h"
#include "mail/flush_client.h"
#include "mail/local_domain.h"
#include "mail/postmaster.h"
#include "mail/mail_source.h"
#include "smtpd/restrict_parse.h"

struct setup smtpd_setup;

static enum bare_lf bare_lf_policy(void)
{
    static const struct {
        const char *name;
        enum bare_lf value;
    } names[] = {{"yes", BARE_LF_NORMALIZE}, {"normalize", BARE_LF_NORMALIZE}, {"note", BARE_LF_NOTE},
        {"reject", BARE_LF_REJECT}, {"no", BARE_LF_ALLOW}};

    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (strcasecmp(conf.smtpd_forbid_bare_newline, names[i].name) == 0)
            return names[i].value;
    fatal("bad value for parameter: 'smtpd_forbid_bare_newline = %s'", conf.smtpd_forbid_bare_newline);
}

static struct match_list *new_networks(void)
{
    struct str networks = {0}, why = {0};

    if (!compat.mynetworks_style)
        return NULL;
    if (!interfaces_networks(interfaces_own(), "host", &networks, &why))
        fatal("%s", str_text(&why));
    struct match_list *list = match_list_open("mynetworks", str_text(&networks), MATCH_CLIENTS);
    str_done(&networks);
    return list;
}

#define OPEN_LIST(parameter, kind) match_list_open(#parameter, conf.parameter, (kind))

static void open_lists(void)
{
    smtpd_setup.mynetworks = OPEN_LIST(mynetworks, MATCH_CLIENTS);
    smtpd_setup.new_networks = new_networks();
    smtpd_setup.xclient_hosts = OPEN_LIST(smtpd_authorized_xclient_hosts, MATCH_CLIENTS);
    smtpd_setup.xforward_hosts = OPEN_LIST(smtpd_authorized_xforward_hosts, MATCH_CLIENTS);
    smtpd_setup.verp_clients = OPEN_LIST(smtpd_authorized_verp_clients, MATCH_CLIENTS);
    smtpd_setup.limit_exceptions = OPEN_LIST(smtpd_client_event_limit_exceptions, MATCH_CLIENTS);
    smtpd_setup.bare_lf_exclusions = OPEN_LIST(smtpd_forbid_bare_newline_exclusions, MATCH_CLIENTS);
    smtpd_setup.forbidden_commands = OPEN_LIST(smtpd_forbidden_commands, MATCH_STRINGS);
    smtpd_setup.noop_commands = OPEN_LIST(smtpd_noop_commands, MATCH_STRINGS);
    smtpd_setup.permit_log = OPEN_LIST(smtpd_log_access_permit_actions, MATCH_STRINGS);
    smtpd_setup.mx_networks = OPEN_LIST(permit_mx_backup_networks, MATCH_CLIENTS);
    local_domain_open();
    debug_peer_open();
    flush_open();
    postmaster_classes();   /* bad values are to stop us before there are clients */
    cleanup_internal_flags(CLEANUP_INTERNAL_NOTIFY);
}

static void open_tables(void)
{
    int flags = TABLE_FOLD | (conf.smtputf8_enable ? TABLE_UTF8 : 0);

    smtpd_setup.canonical = table_list_open(conf.canonical_maps, flags);
    smtpd_setup.rcpt_canonical = table_list_open(conf.recipient_canonical_maps, flags);
    smtpd_setup.send_canonical = table_list_open(conf.sender_canonical_maps, flags);
    smtpd_setup.virtual_alias = table_list_open(conf.virtual_alias_maps, flags);
    smtpd_setup.virtual_mailbox = table_list_open(conf.virtual_mailbox_maps, flags);
    smtpd_setup.local_recipient = table_list_open(conf.local_recipient_maps, flags);
    smtpd_setup.relay_recipient = table_list_open(conf.relay_recipient_maps, flags);
    smtpd_setup.rbl_reply = table_list_open(conf.rbl_reply_maps, flags);
    smtpd_setup.ehlo_discard = table_list_open(conf.smtpd_discard_ehlo_keyword_address_maps, flags);
    smtpd_setup.reject_filter = table_list_open(conf.smtpd_reject_filter_maps, flags);
    if (*conf.smtpd_command_filter != 0)
        smtpd_setup.command_filter = table_open(conf.smtpd_command_filter, flags);
    smtpd_setup.footer = table_list_open(conf.smtpd_reject_footer_maps, flags);
}

static void open_restrictions(struct setup *t)
{
    smtpd_restrict_parse_classes(conf.smtpd_restriction_classes);
    t->client = smtpd_restrict_parse_list("smtpd_client_restrictions", conf.smtpd_client_restrictions);
    t->helo = smtpd_restrict_parse_list("smtpd_helo_restrictions", conf.smtpd_helo_restrictions);
    t->sender = smtpd_restrict_parse_list("smtpd_sender_restrictions", conf.smtpd_sender_restrictions);
    t->relay = smtpd_restrict_parse_list("smtpd_relay_restrictions", conf.smtpd_relay_restrictions);
    t->recipient = smtpd_restrict_parse_list("smtpd_recipient_restrictions", conf.smtpd_recipient_restrictions);
    t->data = smtpd_restrict_parse_list("smtpd_data_restrictions", conf.smtpd_data_restrictions);
    t->end_of_data =
        smtpd_restrict_parse_list("smtpd_end_of_data_restrictions", conf.smtpd_end_of_data_restrictions);
    t->etrn = smtpd_restrict_parse_list("smtpd_etrn_restrictions", conf.smtpd_etrn_restrictions);
    t->local_rewrite = smtpd_restrict_parse_list("local_header_rewrite_clients", conf.local_header_rewrite_clients);
    if (!smtpd_restrict_parse_guards_relay(t->relay) && !smtpd_restrict_parse_guards_relay(t->recipient))
        fatal("in parameter smtpd_relay_restrictions or smtpd_recipient_restrictions, specify at least one working "
              "instance of: reject_unauth_destination, defer_unauth_destination, reject, defer, defer_if_permit or "
              "check_relay_domains");
}

/* What to do when nobody knows whether an address or a name is good. */
static void check_tempfail_actions(void)
{
    const struct {
        const char *parameter, *action;
    } values[] = {
        {"unknown_helo_hostname_tempfail_action", conf.unknown_helo_hostname_tempfail_action},
        {"unknown_address_tempfail_action", conf.unknown_address_tempfail_action},
        {"unverified_recipient_tempfail_action", conf.unverified_recipient_tempfail_action},
        {"unverified_sender_tempfail_action", conf.unverified_sender_tempfail_action},
    };

    for (size_t i = 0; i < ARRAY_SIZE(values); i++)
        if (strcasecmp(values[i].action, "defer") != 0 && strcasecmp(values[i].action, "defer_if_permit") != 0)
            fatal("bad configuration: %s = %s", values[i].parameter, values[i].action);
}

void smtpd_setup_open(void)
{
    check_tempfail_actions();
    smtpd_setup.bare_lf = bare_lf_policy();
    smtpd_setup.ehlo_discard_always = ehlo_mask_parse(conf.smtpd_discard_ehlo_keywords);
    smtpd_setup.cleanup_flags = mail_source_flags(MAIL_SOURCE_SMTPD);
    smtpd_setup.validates_recipients = mail_source_checks_recipients();
    open_lists();
    open_tables();
    open_restrictions(&smtpd_setup);
}
