/* commands.h: the commands, in the order in which the disconnect line counts them.
 */
#ifndef SMTPD_COMMANDS_H
#define SMTPD_COMMANDS_H

#include "smtpd/parse.h"
#include "smtpd/reply.h"

struct session;

enum smtpd_command {
    SMTPD_HELO, SMTPD_EHLO, SMTPD_XCLIENT, SMTPD_XFORWARD, SMTPD_STARTTLS, SMTPD_AUTH, SMTPD_MAIL, SMTPD_RCPT, SMTPD_DATA,
    SMTPD_BDAT, SMTPD_RSET, SMTPD_NOOP, SMTPD_VRFY, SMTPD_ETRN, SMTPD_QUIT, SMTPD_HELP, SMTPD_COMMANDS
};

/* A handler: the words of the command (words->item[0] is its name), and its reply. */
typedef struct reply smtpd_handler(struct session *s, const struct words *w);

smtpd_handler smtpd_helo_cmd, smtpd_helo_ehlo_cmd, smtpd_xclient_cmd, smtpd_xforward_cmd, smtpd_mail_cmd,
    smtpd_rcpt_cmd, smtpd_data_cmd, smtpd_bdat_cmd, smtpd_misc_rset_cmd, smtpd_misc_noop_cmd,
    smtpd_misc_vrfy_cmd, smtpd_etrn_cmd, smtpd_misc_quit_cmd, smtpd_misc_help_cmd, smtpd_misc_starttls_cmd,
    smtpd_misc_auth_cmd;

#endif
