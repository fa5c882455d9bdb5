/* run_as.h: the user= attribute of services that run commands.
 */
#ifndef DELIVER_RUN_AS_H
#define DELIVER_RUN_AS_H

#include <sys/types.h>

struct run_as {
    uid_t uid;
    gid_t gid;
};

/* "user" or "user:group". Nobody of that name is fatal. Whether a command may run as this one is for the caller
 * to ask: root and mail_owner never may. */
struct run_as run_as_find(const char *text);

#endif
