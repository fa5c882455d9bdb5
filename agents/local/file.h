/* file.h: delivery to /file/name.
 */
#ifndef LOCAL_FILE_H
#define LOCAL_FILE_H

#include "agents/local/target.h"
#include "deliver/copy.h"

/* A mailbox file, or a maildir if the path ends in '/', with the rights that the target has. */
enum outcome local_file_deliver(const struct target *t, const char *path);

/* For all that write mail for a target: the beginning of a copy. flags: enum copy_flag; Delivered-To is left out unless
 * prepend_delivered_header has where (enum delivered_header). */
struct copy local_file_copy(const struct target *t, unsigned flags, unsigned where);

/* A maildir, as this user, and its report. */
enum outcome local_file_deliver_maildir(const struct target *t, const char *path, uid_t uid, gid_t gid);

#endif
