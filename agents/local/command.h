/* command.h: mail given to a command.
 */
#ifndef LOCAL_COMMAND_H
#define LOCAL_COMMAND_H

#include "agents/local/target.h"

/* "|command" of a list, if allow_mail_to_commands lets it, with the rights that the target has. */
enum outcome local_command_deliver_listed(const struct target *t, const char *command);

/* mailbox_command: the administrator's, as the user. */
enum outcome local_command_deliver(const struct target *t, const char *command);

#endif
