/* rotate.h: postfix logrotate.
 */
#ifndef POSTFIX_ROTATE_H
#define POSTFIX_ROTATE_H

/* Give maillog_file another name, have the running system begin a new one, compress the old one. What cannot be
 * done is fatal. */
void postfix_rotate_maillog(void);

#endif
