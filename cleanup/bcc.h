/* bcc.h: copies that nobody hears of: always_bcc, sender_bcc_maps, recipient_bcc_maps, the action BCC.
 */
#ifndef CLEANUP_BCC_H
#define CLEANUP_BCC_H

#include "cleanup/message.h"

void cleanup_bcc_init(void); /* tables; once a process */

/* The copies for the sender, or for a recipient, of a message: rewritten, internal form. */
void cleanup_bcc_for_sender(struct message *m, const char *address);
void cleanup_bcc_for_recipient(struct message *m, const char *address);

/* At the end: always_bcc, and those that were asked for by header and body checks. */
void cleanup_bcc_end(struct message *m);

#endif
