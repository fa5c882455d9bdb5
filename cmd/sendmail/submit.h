/* submit.h: a message from standard input into the mail system.
 */
#ifndef SENDMAIL_SUBMIT_H
#define SENDMAIL_SUBMIT_H

#include <sys/types.h>

#include "cmd/sendmail/options.h"

/* Returns when the message is on stable storage; whatever prevents that is fatal. */
void sendmail_submit(const struct sendmail_options *o);

void sendmail_submit_check_user(uid_t uid); /* fatal: authorized_submit_users does not have him */

#endif
