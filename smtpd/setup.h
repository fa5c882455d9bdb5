/* setup.h: what main.cf says, made ready: lists, tables and restrictions. Read-only once the
 * process serves.
 */
#ifndef SMTPD_SETUP_H
#define SMTPD_SETUP_H

#include "mail/match.h"
#include "smtp/ehlo_mask.h"
#include "table/table.h"

enum bare_lf { BARE_LF_ALLOW, BARE_LF_NORMALIZE, BARE_LF_NOTE, BARE_LF_REJECT };

struct rules;

struct setup {
    /* new_networks: what mynetworks will be with a newer compatibility_level; NULL: the same */
    struct match_list *mynetworks, *new_networks, *xclient_hosts, *xforward_hosts, *verp_clients, *limit_exceptions;
    struct match_list *bare_lf_exclusions, *forbidden_commands, *noop_commands, *permit_log, *mx_networks;
    struct table_list *rcpt_canonical, *canonical, *send_canonical, *virtual_alias, *virtual_mailbox, *local_recipient,
        *relay_recipient, *rbl_reply, *ehlo_discard, *footer, *reject_filter;
    struct table *command_filter; /* NULL: none */
    enum bare_lf bare_lf;
    unsigned ehlo_discard_always;
    const struct rules *client, *helo, *sender, *relay, *recipient, *data, *end_of_data, *etrn, *local_rewrite;
    int cleanup_flags;          /* what a message is opened with */
    bool validates_recipients;  /* receive_override_options without no_unknown_recipient_checks */
};
extern struct setup smtpd_setup;

/* Open everything, before the jail; bad values are fatal. */
void smtpd_setup_open(void);

#endif
