#include "dkim/dkim_hash.h"

#include "base/log.h"

const EVP_MD *dkim_hash_sha256(void)
{
    static EVP_MD *sha256; /* a fetch searches OpenSSL's providers each time */

    if (sha256 == NULL)
        sha256 = EVP_MD_fetch(NULL, "SHA256", NULL);
    if (sha256 == NULL)
        fatal("OpenSSL has no SHA-256");
    return sha256;
}

EVP_MD_CTX *dkim_hash_new(void)
{
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();

    if (ctx == NULL)
        fatal("OpenSSL: no memory for a hash");
    return ctx;
}

void dkim_hash_start(EVP_MD_CTX *ctx)
{
    if (EVP_DigestInit_ex2(ctx, dkim_hash_sha256(), NULL) != 1)
        fatal("OpenSSL: cannot start a hash");
}

void dkim_hash_add(EVP_MD_CTX *ctx, const void *bytes, size_t n)
{
    if (EVP_DigestUpdate(ctx, bytes, n) != 1)
        fatal("OpenSSL: cannot hash");
}

void dkim_hash_finish(EVP_MD_CTX *ctx, unsigned char hash[32])
{
    if (EVP_DigestFinal_ex(ctx, hash, NULL) != 1)
        fatal("OpenSSL: cannot finish a hash");
}
