/* user_acl.h: which local users may do something: authorized_submit_users and its like.
 */
#ifndef MAIL_USER_ACL_H
#define MAIL_USER_ACL_H

#include <stdbool.h>
#include <sys/types.h>

/* Does the list (the parameter's value) have the user's login name? *name is that name, "unknown" for one
 * who has none; valid until the next look into the password file. A table that fails says no. */
bool user_acl_has(const char *parameter, const char *list, uid_t uid, const char **name);

#endif
