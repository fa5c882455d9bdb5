/* sender.h: who may send in whose name: local_login_sender_maps.
 */
#ifndef POSTDROP_SENDER_H
#define POSTDROP_SENDER_H

#include <sys/types.h>

#include "base/str.h"

/* 0: this user may use the envelope sender. Else a status of mail/cleanup_client.h, and why. */
int postdrop_sender_check(uid_t uid, const char *sender, struct str *why);

#endif
