/* standalone.h: smtpd -S (sendmail -bs): the conversation is on standard input and output.
 */
#ifndef SMTPD_STANDALONE_H
#define SMTPD_STANDALONE_H

#include "base/stream.h"

/* Read from standard input, write to standard output, which may be different things. */
void smtpd_standalone_attach(struct stream *s);

#endif
