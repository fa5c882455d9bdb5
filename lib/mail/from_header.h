/* from_header.h: the From: header of mail that came without one.
 */
#ifndef MAIL_FROM_HEADER_H
#define MAIL_FROM_HEADER_H

#include "base/str.h"

/* Append the header's value: a person's name, unless it is "", and an address in external form, as
 * header_from_format wants them. A name beyond ASCII becomes encoded words (RFC 2047) of
 * full_name_encoding_charset. */
void from_header_add(struct str *out, const char *full_name, const char *address);

#endif
