/* safe_open.h: opening a mailbox that somebody else may have prepared.
 */
#ifndef DELIVER_SAFE_OPEN_H
#define DELIVER_SAFE_OPEN_H

#include <sys/stat.h>

#include "base/str.h"

/* The file, to append to, made with mode 0600 if there is none and then given to owner and group (-1: they
 * stay as they are). It has one name, and is no symbolic link, unless root made that in a directory that
 * nobody else may write. Does not block. -1: errno, and why as Postfix words it. */
int safe_open_append(const char *path, uid_t owner, gid_t group, struct stat *st, struct str *why);

#endif
