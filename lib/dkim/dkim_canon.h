/* dkim_canon.h: canonicalisation (RFC 6376 3.4) of LF-terminated text, in which LF becomes CRLF.
 */
#ifndef DKIM_DKIM_CANON_H
#define DKIM_DKIM_CANON_H

#include <stddef.h>

#include "base/str.h"

enum dkim_canon { DKIM_SIMPLE, DKIM_RELAXED };

enum { DKIM_HASH_LEN = 32 }; /* SHA-256 */

const char *dkim_canon_name(enum dkim_canon canon); /* as in c= */

/* Append one header, lines joined with LF, with or without a final one, in canonical form and
 * without the final CRLF. */
void dkim_canon_header(enum dkim_canon canon, const char *text, size_t len, struct str *out);

/* The hash of a body that comes in pieces. */
struct dkim_body;
struct dkim_body *dkim_canon_body_new(enum dkim_canon canon);
void dkim_canon_body_free(struct dkim_body *b);
void dkim_canon_body_reset(struct dkim_body *b); /* for the next body */
void dkim_canon_body_add(struct dkim_body *b, const char *bytes, size_t n);

/* The body is complete. The hash stays valid until the body is reset or freed. */
const unsigned char *dkim_canon_body_hash(struct dkim_body *b);

#endif
