/* jail.h: giving up privileges.
 */
#ifndef DAEMON_JAIL_H
#define DAEMON_JAIL_H

/* chroot to root_dir unless it is NULL, then become this user (with its groups) unless user is NULL.
 * Not root: nothing happens. Any failure is fatal. */
void jail_enter(const char *root_dir, const char *user);

/* Become this user for file access, and root again (user NULL). Fatal on failure; not root: nothing. */
void jail_become(const char *user);

#endif
