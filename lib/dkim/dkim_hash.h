/* dkim_hash.h: SHA-256, looked up in OpenSSL once.
 */
#ifndef DKIM_DKIM_HASH_H
#define DKIM_DKIM_HASH_H

#include <openssl/evp.h>

/* Contexts are kept and started again, since making one costs more than hashing a header. */
EVP_MD_CTX *dkim_hash_new(void);
void dkim_hash_start(EVP_MD_CTX *ctx);
void dkim_hash_add(EVP_MD_CTX *ctx, const void *bytes, size_t n);
void dkim_hash_finish(EVP_MD_CTX *ctx, unsigned char hash[32]);

const EVP_MD *dkim_hash_sha256(void);

#endif
