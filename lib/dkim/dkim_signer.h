/* dkim_signer.h: DKIM signatures (RFC 6376, RFC 8463), made while a message passes.
 *
 *     struct dkim_signer *s = dkim_signer_new();
 *     dkim_signer_add(s, &signature);                 as many as there shall be, before the body
 *     dkim_signer_header(s, text, len);               each header, in order, as it will be sent
 *     dkim_signer_body(s, bytes, n);                  LF-terminated lines, cut anywhere
 *     dkim_signer_finish(s, 0, &header, &why);        the DKIM-Signature header of each
 *     dkim_signer_reset(s);                           for the next message, or for this one again
 *
 * LF goes into the hashes as CRLF, as the message goes out on the wire. Signatures that use the
 * same canonicalisation share one body hash.
 */
#ifndef DKIM_DKIM_SIGNER_H
#define DKIM_DKIM_SIGNER_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "base/str.h"
#include "dkim/dkim_canon.h"
#include "dkim/dkim_key.h"

struct dkim_signature {
    struct dkim_key *key;                    /* says whether rsa-sha256 or ed25519-sha256 */
    const char *domain, *selector;           /* d= and s=; U-labels are the caller's to convert */
    const char *identity;                    /* i=; NULL: none */
    enum dkim_canon header_canon, body_canon;
    time_t when;                             /* t=; 0: none */
    const char *const *headers;              /* names to sign where present, every one of that name; NULL-terminated */
    const char *const *oversigned;           /* names to sign once more than present (RFC 6376 8.15); NULL: none */
};

struct dkim_signer;

struct dkim_signer *dkim_signer_new(void);
void dkim_signer_free(struct dkim_signer *s);
void dkim_signer_reset(struct dkim_signer *s); /* forgets signatures and message */

/* Copies all but the name lists, which must outlive the signer's message; keeps the key. */
size_t dkim_signer_add(struct dkim_signer *s, const struct dkim_signature *signature); /* its index */

/* A complete header, lines joined with LF, with or without a final one. */
void dkim_signer_header(struct dkim_signer *s, const char *text, size_t len);
void dkim_signer_body(struct dkim_signer *s, const char *bytes, size_t n);

/* Append "DKIM-Signature: ..." to header: folded, LF and tab at folds, no final LF. The message
 * is complete: no header or body after the first of these. False: OpenSSL refused. */
bool dkim_signer_finish(struct dkim_signer *s, size_t index, struct str *header, struct str *why);

#endif
