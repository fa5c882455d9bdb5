/* sign.h: DKIM signatures: who signs, with which keys.
 */
#ifndef CLEANUP_SIGN_H
#define CLEANUP_SIGN_H

#include "cleanup/message.h"

void cleanup_sign_init(void);

/* The headers are complete: find the signatures that this message gets (dkim_signing_maps, by the
 * author's address or domain, else by the envelope sender's), and feed them the headers. */
void cleanup_sign_begin(struct message *m);

/* What goes out in front of the headers: all signatures as records. Empty: unsigned. A signature
 * that fails is logged, and the message refused for now (451). */
void cleanup_sign_end(struct message *m, struct str *records);

#endif
