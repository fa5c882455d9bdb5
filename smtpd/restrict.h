/* restrict.h: the restriction lists of main.cf, applied.
 *
 * Each function applies the list of its state, and with smtpd_delay_reject those that were put off
 * until then. REJECT: the reply is in why, and it was logged. May wait. See doc/restrictions.md.
 */
#ifndef SMTPD_RESTRICT_H
#define SMTPD_RESTRICT_H

#include "smtpd/verdict.h"

enum verdict smtpd_restrict_client(struct session *s, struct reply *why);
enum verdict smtpd_restrict_helo(struct session *s, const char *name, struct reply *why);
enum verdict smtpd_restrict_mail(struct session *s, struct reply *why);
enum verdict smtpd_restrict_rcpt(struct session *s, const char *recipient, struct reply *why); /* and VRFY */
enum verdict smtpd_restrict_etrn(struct session *s, const char *domain, struct reply *why);
enum verdict smtpd_restrict_data(struct session *s, struct reply *why);
enum verdict smtpd_restrict_end_of_data(struct session *s, struct reply *why);

bool smtpd_restrict_has_end_of_data(void); /* are there any such restrictions? */

/* local_header_rewrite_clients: are headers of this client's mail to be completed as ours? */
bool smtpd_restrict_is_local_rewrite(struct session *s);

#endif
