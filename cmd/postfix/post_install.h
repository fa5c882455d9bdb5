/* post_install.h: what packages run when they have unpacked a new release: post-install, also as
 * "postfix set-permissions" and "postfix upgrade-configuration".
 */
#ifndef POSTFIX_POST_INSTALL_H
#define POSTFIX_POST_INSTALL_H

/* argv: names of commands, and name=value for main.cf, up to NULL. Returns the exit status. */
int postfix_post_install(char *const *argv);

#endif
