/* cleanup_drop.h: a message of cleanup_client.h as postdrop takes it, for cleanup_client.c.
 */
#ifndef MAIL_CLEANUP_DROP_H
#define MAIL_CLEANUP_DROP_H

#include "mail/postdrop_client.h"

/* Attributes that strangers may not set are left out: postdrop would do so, with a warning each. The lists
 * are those of cleanup_attr() and cleanup_recipient(). */
void cleanup_drop_envelope(struct postdrop *p, int flags, const struct str *attributes, const struct str *recipients);

/* Whole lines of the text leave; false: postdrop takes no more. */
bool cleanup_drop_content(struct postdrop *p, struct str *text);

/* The rest, and the end. */
int cleanup_drop_commit(struct postdrop *p, struct str *text, struct str *reason);

#endif
