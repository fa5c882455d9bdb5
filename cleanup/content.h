/* content.h: headers and body, from the client's text to the records of the queue file.
 */
#ifndef CLEANUP_CONTENT_H
#define CLEANUP_CONTENT_H

#include "cleanup/message.h"

void cleanup_content_init(void); /* once a process */
void cleanup_content_begin(struct message *m);
void cleanup_content_push(struct message *m, const char *bytes, size_t n); /* LF-terminated text, cut anywhere */
void cleanup_content_end(struct message *m);

/* A header, or a line of the body, that is put in front of what comes next. */
void cleanup_content_put_header(struct message *m, enum mime_class class, const struct str *text);
void cleanup_content_put_line(struct message *m, const char *text, size_t len);

/* Write a header (lines joined with LF) as records, at the end of out. */
void cleanup_content_add_header(struct str *out, const char *text, size_t len);

#endif
