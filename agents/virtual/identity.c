#include "agents/virtual/identity.h"

#include <grp.h>
#include <unistd.h>

#include "base/log.h"

static void set(uid_t uid, gid_t gid)
{
    if (seteuid(0) < 0 || setegid(gid) < 0 || setgroups(1, &gid) < 0 || seteuid(uid) < 0)
        fatal("take the identity of uid %lu gid %lu: %m", (unsigned long) uid, (unsigned long) gid);
}

void virtual_identity_take(uid_t uid, gid_t gid)
{
    set(uid, gid);
}

void virtual_identity_drop(void)
{
    set(0, 0);
}
