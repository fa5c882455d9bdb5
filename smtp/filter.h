/* filter.h: content that does not go out as it is in the queue.
 *
 * For a server without 8BITMIME 8-bit text becomes quoted-printable; smtp_header_checks and their
 * like, smtp_body_checks and smtp_generic_maps change what they match; "flags=" of master.cf put
 * headers in front.
 */
#ifndef SMTP_FILTER_H
#define SMTP_FILTER_H

#include "smtp/session.h"

struct smtp_filter;

void smtp_filter_open(void);               /* tables, before the jail */
bool smtp_filter_set_flags(const char *letters); /* flags=DORX; false: unknown letter */

bool smtp_filter_is_final(void);           /* flags=X: the receiver is the last one */

bool smtp_filter_waits(void);              /* may an address have to wait for a table? */

/* Will 8-bit content become 7-bit for a server with these features? Its size then is not known before. */
bool smtp_filter_is_downgraded(const struct attempt *a, int features);

/* Does this message need the filter on its way to that server? */
bool smtp_filter_is_needed(const struct attempt *a, const struct session *s);

struct smtp_filter *smtp_filter_begin(struct attempt *a, struct session *s, struct smtp_text *out);
void smtp_filter_line(struct smtp_filter *f, const char *line, size_t n, bool is_end);
bool smtp_filter_end(struct smtp_filter *f); /* false: a table failed; the message must not be completed */

/* The headers that flags= asks for. */
void smtp_filter_prepend(const struct attempt *a, struct smtp_text *out);

/* An address of the envelope through smtp_generic_maps; in the arena, or as it was. False: a table
 * failed. */
bool smtp_filter_address(const struct attempt *a, const char *address, const char **result);

#endif
