/* xtext.h: values in ESMTP parameters (RFC 3461 4).
 */
#ifndef SMTP_XTEXT_H
#define SMTP_XTEXT_H

#include "base/str.h"

/* Append text, with "+XX" for what is not printable ASCII, for '+' and '=', and for the bytes in
 * special. */
void smtp_xtext_add(struct str *out, const char *text, const char *special);

/* The same for an address of type utf-8 (RFC 6533 3): "\x{XX}", and UTF-8 as it is when is_utf8. */
void smtp_xtext_add_utf8(struct str *out, const char *text, bool is_utf8);

#endif
