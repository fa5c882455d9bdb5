/* mailbox.h: mail for a user of this machine, after aliases and .forward.
 */
#ifndef LOCAL_MAILBOX_H
#define LOCAL_MAILBOX_H

#include "agents/local/target.h"

void local_mailbox_open(void); /* tables, before the jail */

/* By mailbox_transport_maps, mailbox_transport, mailbox_command_maps, mailbox_command, home_mailbox or
 * mail_spool_directory. False: there is no such user, and no transport that might know one. */
bool local_mailbox_deliver(const struct target *t, enum outcome *outcome);

/* A name gets its mail once, however often it is listed. Remembers it. */
bool local_mailbox_is_repeated(const struct target *t);

/* Give it to another transport. */
enum outcome local_mailbox_pass(const struct target *t, const char *transport);

#endif
