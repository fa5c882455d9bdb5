#include "deliver/run_as.h"

#include <grp.h>
#include <pwd.h>
#include <string.h>

#include "base/log.h"
#include "base/mem.h"

struct run_as run_as_find(const char *text)
{
    char *user = mem_strdup(text), *group = strchr(user, ':');
    struct run_as found;

    if (group != NULL)
        *group++ = 0;
    const struct passwd *pw = getpwnam(user);
    if (pw == NULL)
        fatal("get_service_attr: unknown username: %s", user);
    found = (struct run_as){.uid = pw->pw_uid, .gid = pw->pw_gid};
    if (group != NULL && *group != 0) {
        const struct group *gr = getgrnam(group);
        if (gr == NULL)
            fatal("get_service_attr: unknown group: %s", group);
        found.gid = gr->gr_gid;
    }
    mem_free(user);
    return found;
}
