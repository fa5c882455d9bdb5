/* check.h: is this mail system as it should be?
 */
#ifndef POSTFIX_CHECK_H
#define POSTFIX_CHECK_H

void postfix_check_places(void);   /* what no command can do without; fatal: it is not there */
void postfix_check_fatal(void);    /* what the mail system cannot start without, after missing directories were made; fatal */
void postfix_check_warnings(void); /* owners, modes, files in the chroot, damaged mail: a warning each */

#endif
