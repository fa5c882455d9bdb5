/* setup.h: what main.cf says, made ready: lists, tables and restrictions. Read-only once the
 * process serves.
 */
#ifndef SMTPD_SETUP_H
#define SMTPD_SETUP_H

#include "mail/match.h"
#include "table/table.h"

enum bare_lf { BARE_LF_ALLOW, BARE_LF_NORMALIZE, BARE_LF_NOTE, BARE_LF_REJECT };

/* EHLO keywords that can be suppressed, as bits. */
enum ehlo_keyword {
    EHLO_PIPELINING = 1 << 0, EHLO_SIZE = 1 << 1, EHLO_VRFY = 1 << 2, EHLO_ETRN = 1 << 3, EHLO_STARTTLS = 1 << 4,
    EHLO_AUTH = 1 << 5, EHLO_VERP = 1 << 6, EHLO_XCLIENT = 1 << 7, EHLO_XFORWARD = 1 << 8, EHLO_STATUS = 1 << 9,
    EHLO_8BITMIME = 1 << 10, EHLO_DSN = 1 << 11, EHLO_SMTPUTF8 = 1 << 12, EHLO_CHUNKING = 1 << 13,
    EHLO_SILENT = 1 << 14
};

struct rules;

struct setup {
    /* new_networks: what mynetworks will be with a newer compatibility_level; NULL: the same */
    struct match_list *mynetworks, *new_networks, *xclient_hosts, *xforward_hosts, *verp_clients, *limit_exceptions;
    struct match_list *bare_lf_exclusions, *forbidden_commands, *noop_commands, *permit_log;
    struct table_list *rcpt_canonical, *canonical, *send_canonical, *virtual_alias, *virtual_mailbox, *local_recipient,
        *relay_recipient, *rbl_reply, *ehlo_discard, *footer;
    enum bare_lf bare_lf;
    unsigned ehlo_discard_always;
    const struct rules *client, *helo, *sender, *relay, *recipient, *data, *end_of_data, *etrn, *local_rewrite;
    int cleanup_flags;          /* what a message is opened with */
    bool validates_recipients;  /* receive_override_options without no_unknown_recipient_checks */
};
extern struct setup smtpd_setup;

/* Open everything, before the jail; bad values are fatal. */
void smtpd_setup_open(void);

/* "dsn, size" as EHLO_ bits; an unknown word is warned of. */
unsigned smtpd_setup_ehlo_mask(const char *words);

#endif
