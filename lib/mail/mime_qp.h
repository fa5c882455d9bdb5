/* mime_qp.h: quoted-printable (RFC 2045 6.7), made line after line.
 */
#ifndef MAIL_MIME_QP_H
#define MAIL_MIME_QP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

typedef void mime_qp_emit(void *context, const char *line, size_t len);

/* Take n bytes of a line, or its end. Lines that are full are given to emit, without their ends;
 * what is left stays in out, which begins empty, until the end of the line. */
void mime_qp_encode(struct str *out, const char *text, size_t n, bool is_end, mime_qp_emit *emit, void *context);

#endif
