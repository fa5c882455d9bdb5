/* xtext.h: values in ESMTP parameters (RFC 3461 4).
 */
#ifndef SMTP_XTEXT_H
#define SMTP_XTEXT_H

#include "base/str.h"

/* Append text, with "+XX" for what is not printable ASCII, for '+' and '=', and for the bytes in
 * special. */
void smtp_xtext_add(struct str *out, const char *text, const char *special);

/* The same for an address of type utf-8: "\x{XX}" for characters, of which any server can take the result
 * (RFC 6533 3: utf-8-addr-xtext). */
void smtp_xtext_add_utf8(struct str *out, const char *text);

#endif
