/* inspect.h: header_checks and body_checks, message_reject_characters and message_strip_characters:
 * what may come in as it is.
 */
#ifndef CLEANUP_INSPECT_H
#define CLEANUP_INSPECT_H

#include <stdbool.h>

#include "cleanup/message.h"

void cleanup_inspect_init(void); /* tables; once a process */
bool cleanup_inspect_has_checks(void);

/* Which of the functions below have to be asked about this message: sets m->inspects. */
void cleanup_inspect_begin(struct message *m);

/* A header, which may be replaced, and *known with it. False: leave it out. May wait. */
bool cleanup_inspect_header(struct message *m, enum mime_class class, const struct header_info **known,
    struct str *text);

/* A line of the body, or a piece of one; *text and *len are good until the next call. */
bool cleanup_inspect_line(struct message *m, const char **text, size_t *len);

/* Raw content, a line of it or a piece of one: without the characters that are stripped. The result
 * is line itself, or replaces what is in copy. */
const char *cleanup_inspect_characters(struct message *m, const char *line, size_t *len, struct str *copy);

/* "QID: reject: header Subject: x from host[addr]; from=<> to=<> proto=ESMTP helo=<>: text" */
void cleanup_inspect_log(const struct message *m, const char *action, const char *what, const char *content, size_t len,
    const char *text);

#endif
