/* maildir.h: delivery to a maildir: a file in new/, by way of tmp/.
 */
#ifndef DELIVER_MAILDIR_H
#define DELIVER_MAILDIR_H

#include <sys/types.h>

#include "deliver/copy.h"

/* path ends in '/'. As this user; directories that are missing are made. False: status and reason of c,
 * which begins with "maildir delivery failed: ". */
bool maildir_deliver(const char *path, uid_t uid, gid_t gid, struct copy *c);

#endif
