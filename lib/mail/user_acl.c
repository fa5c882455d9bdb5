#include "mail/user_acl.h"

#include <pwd.h>
#include <stddef.h>

#include "mail/match.h"

bool user_acl_has(const char *parameter, const char *list, uid_t uid, const char **name)
{
    const struct passwd *pw = getpwuid(uid);

    *name = pw == NULL ? "unknown" : pw->pw_name;
    struct match_list *l = match_list_open(parameter, list, MATCH_STRINGS);
    bool ok = match_list_find(l, *name) == MATCH_YES;
    match_list_close(l);
    return ok;
}
