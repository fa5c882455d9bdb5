/* content.h: headers and body, from the client's text to the records of the queue file.
 */
#ifndef CLEANUP_CONTENT_H
#define CLEANUP_CONTENT_H

#include "cleanup/message.h"

void cleanup_content_init(void); /* once a process */
void cleanup_content_begin(struct message *m);
void cleanup_content_push(struct message *m, const char *bytes, size_t n); /* LF-terminated text, cut anywhere */
void cleanup_content_end(struct message *m);

/* Write a header (lines joined with LF) as records, at the end of out. */
void cleanup_content_add_header(struct str *out, const char *text, size_t len);

#endif
