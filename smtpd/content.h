/* content.h: the content of a message, on its way from the client to cleanup.
 */
#ifndef SMTPD_CONTENT_H
#define SMTPD_CONTENT_H

#include "smtpd/session.h"

/* Tell cleanup the envelope and write the headers that are ours: those that access tables asked
 * for, and Received: (RFC 5321 4.4). has_dots: DATA, not BDAT. */
void smtpd_content_begin(struct session *s, bool has_dots);

/* DATA: read to the end of data. BDAT: read n bytes. False: the client was lost; s->reason. */
bool smtpd_content_read_data(struct session *s);
bool smtpd_content_read_chunk(struct session *s, long n);

/* Read n bytes and throw them away. */
bool smtpd_content_skip(struct session *s, long n);

/* BDAT: no more will come; a line that has not ended yet, ends here. */
void smtpd_content_finish(struct session *s);

/* The whole content is there: restrictions, cleanup's verdict. The reply; the transaction is over. */
struct reply smtpd_content_end(struct session *s);

void smtpd_content_free(struct content *c); /* accepts NULL */

#endif
