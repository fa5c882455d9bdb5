/* biff.h: telling comsat(8) that there is new mail.
 */
#ifndef LOCAL_BIFF_H
#define LOCAL_BIFF_H

#include <sys/types.h>

/* "user@offset", where the new message begins in the mailbox. Nobody may be listening. */
void local_biff_notify(const char *user, off_t offset);

#endif
