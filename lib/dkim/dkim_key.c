#include "dkim/dkim_key.h"

#include <errno.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <sys/stat.h>

#include "base/clock.h"
#include "base/file.h"
#include "base/hash.h"
#include "base/mem.h"
#include "dkim/dkim_canon.h"
#include "dkim/dkim_hash.h"

struct dkim_key {
    int uses;
    enum dkim_algorithm algorithm;
    EVP_PKEY *pkey;
    EVP_PKEY_CTX *rsa;   /* set up for signing; kept, since that costs a tenth of a signature */
    EVP_MD_CTX *ed25519; /* the same */
};

enum { SEED_LEN = 32, MIN_RSA_BITS = 1024 /* RFC 8301 3.2 */ };

/* --- one key --- */

static bool no_openssl(struct str *why, const char *what)
{
    char cause[256];

    ERR_error_string_n(ERR_get_error(), cause, sizeof(cause));
    str_setf(why, "%s: %s", what, cause);
    ERR_clear_error();
    return false;
}

/* A key with a pass phrase must not make a daemon ask for it. */
static int no_passphrase(char *buffer, int size, int writing, void *context)
{
    (void) buffer;
    (void) size;
    (void) writing;
    (void) context;
    return -1;
}

static EVP_PKEY *parse_pem(const char *text, size_t len)
{
    BIO *bio = BIO_new_mem_buf(text, (int) len);
    EVP_PKEY *pkey = bio == NULL ? NULL : PEM_read_bio_PrivateKey(bio, NULL, no_passphrase, NULL);

    BIO_free(bio);
    return pkey;
}

/* White space is left out; false: other bytes than base64 has, or too long. */
static bool decode_base64(const char *text, size_t len, struct str *bytes)
{
    enum { LONGEST = 64 * 1024 };
    struct str packed = {0};
    bool ok = false;

    for (size_t i = 0; i < len; i++)
        if (strchr(" \t\r\n", text[i]) == NULL || text[i] == 0)
            str_addc(&packed, text[i]);
    if (packed.len == 0 || packed.len % 4 != 0 || packed.len > LONGEST)
        goto done;
    size_t padding = packed.data[packed.len - 1] != '=' ? 0 : packed.data[packed.len - 2] != '=' ? 1 : 2;
    unsigned char *to = (unsigned char *) str_grow(bytes, packed.len / 4 * 3);
    ok = EVP_DecodeBlock(to, (const unsigned char *) str_text(&packed), (int) packed.len) > 0;
    str_cut(bytes, bytes->len - padding);
done:
    str_done(&packed);
    return ok;
}

static EVP_PKEY *parse_base64(const char *text, size_t len)
{
    struct str bytes = {0};
    EVP_PKEY *pkey = NULL;

    if (decode_base64(text, len, &bytes)) {
        const unsigned char *der = (const unsigned char *) str_text(&bytes);
        /* 32 bytes: the seed; 64: seed and public key, as NaCl's tools write them. */
        if (bytes.len == SEED_LEN || bytes.len == 2 * SEED_LEN)
            pkey = EVP_PKEY_new_raw_private_key(EVP_PKEY_ED25519, NULL, der, SEED_LEN);
        else
            pkey = d2i_AutoPrivateKey(NULL, &der, (long) bytes.len);
    }
    OPENSSL_cleanse(bytes.data, bytes.room);
    str_done(&bytes);
    return pkey;
}

static bool set_up_rsa(struct dkim_key *key, struct str *why)
{
    if (EVP_PKEY_get_bits(key->pkey) < MIN_RSA_BITS) {
        str_setf(why, "RSA key of %d bits is too short, %d are needed", EVP_PKEY_get_bits(key->pkey), MIN_RSA_BITS);
        return false;
    }
    key->algorithm = DKIM_RSA_SHA256;
    key->rsa = EVP_PKEY_CTX_new_from_pkey(NULL, key->pkey, NULL);
    if (key->rsa == NULL || EVP_PKEY_sign_init(key->rsa) != 1 ||
        EVP_PKEY_CTX_set_rsa_padding(key->rsa, RSA_PKCS1_PADDING) != 1 ||
        EVP_PKEY_CTX_set_signature_md(key->rsa, dkim_hash_sha256()) != 1)
        return no_openssl(why, "RSA key");
    return true;
}

static bool set_up(struct dkim_key *key, struct str *why)
{
    if (EVP_PKEY_is_a(key->pkey, "RSA"))
        return set_up_rsa(key, why);
    if (!EVP_PKEY_is_a(key->pkey, "ED25519")) {
        str_set(why, "neither an RSA nor an Ed25519 key");
        return false;
    }
    key->algorithm = DKIM_ED25519_SHA256;
    key->ed25519 = dkim_hash_new();
    return true;
}

struct dkim_key *dkim_key_parse(const char *text, size_t len, struct str *why)
{
    static const char armour[] = "-----BEGIN";
    struct dkim_key *key = mem_zalloc(sizeof(*key));
    bool is_pem = memmem(text, len, armour, sizeof(armour) - 1) != NULL;

    key->uses = 1;
    key->pkey = is_pem ? parse_pem(text, len) : parse_base64(text, len);
    if (key->pkey == NULL && ERR_peek_error() != 0)
        no_openssl(why, "no private key");
    else if (key->pkey == NULL)
        str_set(why, "no private key: neither PEM nor base64 of a key");
    else if (set_up(key, why))
        return key;
    dkim_key_release(key);
    return NULL;
}

struct dkim_key *dkim_key_hold(struct dkim_key *key)
{
    key->uses++;
    return key;
}

void dkim_key_release(struct dkim_key *key)
{
    if (key == NULL || --key->uses > 0)
        return;
    EVP_PKEY_CTX_free(key->rsa);
    EVP_MD_CTX_free(key->ed25519);
    EVP_PKEY_free(key->pkey);
    mem_free(key);
}

enum dkim_algorithm dkim_key_algorithm(const struct dkim_key *key)
{
    return key->algorithm;
}

bool dkim_key_sign(struct dkim_key *key, const unsigned char *hash, struct str *signature, struct str *why)
{
    size_t len = (size_t) EVP_PKEY_get_size(key->pkey), before = signature->len;
    unsigned char *to = (unsigned char *) str_grow(signature, len);
    bool ok = false;

    switch (key->algorithm) {
    case DKIM_RSA_SHA256:
        ok = EVP_PKEY_sign(key->rsa, to, &len, hash, DKIM_HASH_LEN) == 1;
        break;
    case DKIM_ED25519_SHA256: /* RFC 8463 3: PureEdDSA, over the hash */
        ok = EVP_DigestSignInit(key->ed25519, NULL, NULL, NULL, key->pkey) == 1 &&
             EVP_DigestSign(key->ed25519, to, &len, hash, DKIM_HASH_LEN) == 1;
        break;
    }
    str_cut(signature, before + (ok ? len : 0));
    return ok || no_openssl(why, "sign");
}

void dkim_key_public(const struct dkim_key *key, struct str *base64)
{
    unsigned char raw[SEED_LEN], *der = raw;
    size_t len = sizeof(raw);

    if (key->algorithm == DKIM_RSA_SHA256) {
        der = NULL;
        len = (size_t) i2d_PUBKEY(key->pkey, &der);
    } else {
        EVP_PKEY_get_raw_public_key(key->pkey, raw, &len);
    }
    EVP_EncodeBlock((unsigned char *) str_grow(base64, (len + 2) / 3 * 4), der, (int) len);
    if (der != raw)
        OPENSSL_free(der);
}

/* --- the cache --- */

struct file_key {
    struct dkim_key *key;
    struct stat seen;
    time_t checked;
};

static struct hash cache; /* path -> struct file_key: parsing a key costs ten signatures */

static void free_file_key(void *value)
{
    struct file_key *file = value;

    dkim_key_release(file->key);
    mem_free(file);
}

void dkim_key_forget(void)
{
    hash_done(&cache, free_file_key);
}

static bool is_same_file(const struct stat *a, const struct stat *b)
{
    return a->st_ino == b->st_ino && a->st_dev == b->st_dev && a->st_size == b->st_size &&
           a->st_mtim.tv_sec == b->st_mtim.tv_sec && a->st_mtim.tv_nsec == b->st_mtim.tv_nsec;
}

static struct dkim_key *read_key(const char *path, struct str *why)
{
    struct str text = {0}, cause = {0};
    struct dkim_key *key = NULL;

    if (!file_read(path, &text, why))
        goto done;
    key = dkim_key_parse(str_text(&text), text.len, &cause);
    if (key == NULL)
        str_setf(why, "%s: %s", path, str_text(&cause));
done:
    if (text.data != NULL)
        OPENSSL_cleanse(text.data, text.room);
    str_done(&text);
    str_done(&cause);
    return key;
}

/* The file changed, or was not seen before. What was read from it is gone even if it cannot be
 * read now: an operator who takes a key away means it. */
static struct dkim_key *load_anew(const char *path, const struct stat *seen, struct str *why)
{
    struct file_key *old = hash_remove(&cache, path);
    struct dkim_key *key = read_key(path, why);

    if (old != NULL)
        free_file_key(old);
    if (key == NULL)
        return NULL;
    struct file_key *file = mem_zalloc(sizeof(*file));
    *file = (struct file_key){.key = key, .seen = *seen, .checked = clock_seconds()};
    hash_put(&cache, path, file);
    return dkim_key_hold(key);
}

struct dkim_key *dkim_key_load(const char *path, struct str *why)
{
    struct file_key *file = hash_get(&cache, path);
    struct stat now;

    if (file != NULL && file->checked == clock_seconds())
        return dkim_key_hold(file->key);
    if (stat(path, &now) < 0) {
        str_setf(why, "open %s: %s", path, strerror(errno));
        if (file != NULL)
            free_file_key(hash_remove(&cache, path));
        return NULL;
    }
    if (file == NULL || !is_same_file(&file->seen, &now))
        return load_anew(path, &now, why);
    file->checked = clock_seconds();
    return dkim_key_hold(file->key);
}
