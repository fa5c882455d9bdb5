/* envelope.h: the envelope records of the queue file.
 */
#ifndef CLEANUP_ENVELOPE_H
#define CLEANUP_ENVELOPE_H

#include "cleanup/message.h"

void cleanup_envelope_init(void); /* tables; once a process */

/* From the request's head (its first list, and the recipients' lists that follow): everything up to
 * and including the M record. */
void cleanup_envelope_begin(struct message *m, struct attrs *list, const char *recipients, const char *end);

/* X and what follows: attributes found in the content, always_bcc, E; then the size record. */
void cleanup_envelope_end(struct message *m);

/* A recipient nobody hears of: external form, not rewritten. */
void cleanup_envelope_copy_to(struct message *m, const char *address);

enum { ENVELOPE_SIZE_RECORD = 97 }; /* bytes of the C record, which is rewritten at the end */

#endif
