/* dkim_key.h: private keys for DKIM, parsed once.
 *
 * Keys are counted: dkim_key_hold() or dkim_key_load() gives one use, dkim_key_release() ends it.
 */
#ifndef DKIM_DKIM_KEY_H
#define DKIM_DKIM_KEY_H

#include <stdbool.h>
#include <stddef.h>

#include "base/str.h"

struct dkim_key;

enum dkim_algorithm { DKIM_RSA_SHA256, DKIM_ED25519_SHA256 };

/* The key in a file, from the process's cache; read again when the file was changed or replaced,
 * which is looked for once a second. A file that cannot be read (any more) or holds no key:
 * NULL, and why is "PATH: cause". */
struct dkim_key *dkim_key_load(const char *path, struct str *why);

/* The key in a text: PEM; or base64 of DER (as OpenDKIM's KeyTable takes) or of a raw Ed25519
 * key (as dknewkey writes). NULL: why says what is wrong. */
struct dkim_key *dkim_key_parse(const char *text, size_t len, struct str *why);

struct dkim_key *dkim_key_hold(struct dkim_key *key);
void dkim_key_release(struct dkim_key *key);

enum dkim_algorithm dkim_key_algorithm(const struct dkim_key *key);

/* Append the raw signature of a SHA-256 hash (32 bytes). False: why. */
bool dkim_key_sign(struct dkim_key *key, const unsigned char *hash, struct str *signature, struct str *why);

/* Append the public key as p= in DNS has it: base64 of SubjectPublicKeyInfo, or of raw Ed25519. */
void dkim_key_public(const struct dkim_key *key, struct str *base64);

void dkim_key_forget(void); /* empty the cache */

#endif
