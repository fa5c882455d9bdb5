/* header.h: the header of a message: addresses rewritten and mapped, what is dropped, what is missing.
 */
#ifndef CLEANUP_HEADER_H
#define CLEANUP_HEADER_H

#include "cleanup/message.h"

void cleanup_header_init(void); /* once a process */

/* A header as the client sent it, or as checks have made it; text may be changed. */
void cleanup_header_take(struct message *m, const struct header_info *known, struct str *text);

/* The same, but it stays as it is, and does not count as one that the message has. */
void cleanup_header_keep(struct message *m, const struct header_info *known, const char *text, size_t len);

/* The header is complete: add what the message must have. */
void cleanup_header_add_missing(struct message *m);

#endif
