/* xforward.h: XFORWARD.
 */
#ifndef SMTPD_XFORWARD_H
#define SMTPD_XFORWARD_H

#include "smtpd/session.h"

#define XFORWARD_ATTRIBUTES "NAME ADDR PROTO HELO SOURCE PORT IDENT"

void smtpd_xforward_free(struct session *s); /* the transaction is over */

#endif
