#include "daemon/jail.h"

#include <grp.h>
#include <pwd.h>
#include <stddef.h>
#include <unistd.h>

#include "base/log.h"

static const struct passwd *lookup(const char *user)
{
    const struct passwd *pw = getpwnam(user);

    if (pw == NULL)
        fatal("unknown user: %s", user);
    return pw;
}

void jail_enter(const char *root_dir, const char *user)
{
    if (geteuid() != 0)
        return;
    const struct passwd *pw = user == NULL ? NULL : lookup(user);
    if (pw != NULL && (setgid(pw->pw_gid) < 0 || initgroups(user, pw->pw_gid) < 0))
        fatal("set groups of user %s: %m", user);
    if (root_dir != NULL && (chroot(root_dir) < 0 || chdir("/") < 0))
        fatal("chroot %s: %m", root_dir);
    if (pw != NULL && setuid(pw->pw_uid) < 0)
        fatal("set user %s: %m", user);
}

void jail_become(const char *user)
{
    if (getuid() != 0)
        return;
    if (seteuid(0) < 0)
        fatal("become root: %m");
    if (user == NULL) {
        if (setegid(0) < 0 || setgroups(0, NULL) < 0)
            fatal("become root's group: %m");
        return;
    }
    const struct passwd *pw = lookup(user);
    if (setegid(pw->pw_gid) < 0 || initgroups(user, pw->pw_gid) < 0 || seteuid(pw->pw_uid) < 0)
        fatal("become user %s: %m", user);
}
