/* hello.h: from the greeting to where MAIL may be sent.
 */
#ifndef SMTP_HELLO_H
#define SMTP_HELLO_H

#include "smtp/session.h"

void smtp_hello_open(void); /* tables, before the jail */

/* Greeting, then EHLO, HELO or LHLO. False: the trouble is dealt with, the session is of no use. */
bool smtp_hello(struct attempt *a, struct session *s);

/* The client's address and name, for a server behind a filter (XFORWARD). False: as above. */
bool smtp_hello_xforward(struct attempt *a, struct session *s);

#endif
