#include "cmd/postconf/features.h"

#include <openssl/crypto.h>
#include <openssl/evp.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/log.h"
#include "base/vec.h"
#include "table/table.h"

static void add_lines(struct str *out, const char *const *lines)
{
    for (; *lines != NULL; lines++)
        str_addf(out, "%s\n", *lines);
}

static void compile_version(struct str *out)
{
    str_addf(out, "%s\n", OPENSSL_VERSION_TEXT);
}

static void run_version(struct str *out)
{
    str_addf(out, "%s\n", OpenSSL_version(OPENSSL_VERSION));
}

/* Those that a server's certificate may have a key of. */
static void public_key_algorithms(struct str *out)
{
    static const struct {
        int id;
        const char *name;
    } algorithms[] = {
        {EVP_PKEY_RSA, "rsa"}, {EVP_PKEY_DSA, "dsa"}, {EVP_PKEY_EC, "ecdsa"}, {EVP_PKEY_ED25519, "ed25519"},
        {EVP_PKEY_ED448, "ed448"}};

    for (size_t i = 0; i < ARRAY_SIZE(algorithms); i++) {
        EVP_PKEY_CTX *context = EVP_PKEY_CTX_new_id(algorithms[i].id, NULL);
        if (context != NULL)
            str_addf(out, "%s\n", algorithms[i].name);
        EVP_PKEY_CTX_free(context);
    }
}

static bool add_tls(struct str *out, const char *mode)
{
    static const struct {
        const char *mode;
        void (*add)(struct str *out);
    } modes[] = {{"compile-version", compile_version},
        {"run-version", run_version},
        {"public-key-algorithms", public_key_algorithms}};

    for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
        if (strcmp(modes[i].mode, mode) == 0) {
            modes[i].add(out);
            return true;
        }
    log_warn("unknown 'postconf -T' mode: %s", mode);
    return false;
}

bool postconf_features(char option, const char *tls_mode, struct str *out)
{
    static const char *const servers[] = {"cyrus", "dovecot", NULL}, *const clients[] = {"cyrus", NULL},
                             *const locks[] = {"flock", "fcntl", "dotlock", NULL};

    if (option == 'T')
        return add_tls(out, tls_mode);
    add_lines(out, option == 'a' ? servers : option == 'A' ? clients : option == 'l' ? locks : table_types());
    return true;
}
