/* verp.h: variable envelope return paths: each recipient has a sender of its own, so that a bounce
 * tells by its address who is meant.
 */
#ifndef MAIL_VERP_H
#define MAIL_VERP_H

#include "base/str.h"

/* list@origin for user@domain is list+user=domain@origin, appended to out; "+=" are the two
 * delimiters. recipient: as the sender of the message wrote it. */
void verp_sender(struct str *out, const char *delimiters, const char *sender, const char *recipient);

#endif
