#include "deliver/identity.h"

#include <grp.h>
#include <unistd.h>

#include "base/log.h"
#include "config/config.h"

void identity_take(uid_t uid, gid_t gid)
{
    if (getuid() != 0)
        return;
    if (seteuid(0) < 0 || setegid(gid) < 0 || setgroups(1, &gid) < 0 || seteuid(uid) < 0)
        fatal("take the identity of uid %lu gid %lu: %m", (unsigned long) uid, (unsigned long) gid);
}

void identity_drop(void)
{
    identity_take(config_ids.owner_uid, config_ids.owner_gid);
}
