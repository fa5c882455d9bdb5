/* command_status.h: what the end of a command means for the mail: Postfix's statuses and texts.
 *
 * Each of these is given what the command has printed in o->output, makes one line of it, and fills in the rest.
 */
#ifndef DELIVER_COMMAND_STATUS_H
#define DELIVER_COMMAND_STATUS_H

#include "deliver/command.h"

/* An exit status as wait(2) gives it; name is what diagnostics call the command. */
void command_status_of_exit(int wait_status, const char *name, struct command_outcome *o);
void command_status_of_timeout(const char *name, struct command_outcome *o);
void command_status_of_error(const char *what, int error, struct command_outcome *o); /* our own: try again */

#endif
