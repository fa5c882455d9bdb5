#include "dkim/dkim_signer.h"

#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>
#include <stdlib.h>

#include "tests/unit/dkim/keys.h"
#include "tests/unit/test.h"

static const char *const message[] = {
    "Received: one\n\tfolded  x ",
    "Received: two",
    "From: Joe  <joe@example.com>",
    "To: a@b,\n c@d",
    "sUBJECT:  hi\t there ",
    "Subject: another",
    NULL,
};
static const char body[] = "Hi.\n\nWe lost  the game. \nAre you hungry yet?\n\n\n";
static const char *const to_sign[] = {"From", "To", "Subject", "Date", NULL};
static const char *const to_oversign[] = {"from", "Reply-To", NULL};

static struct dkim_key *parse(const char *text)
{
    struct str why = {0};
    struct dkim_key *key = dkim_key_parse(text, strlen(text), &why);

    assert_non_null(key);
    str_done(&why);
    return key;
}

static void feed(struct dkim_signer *s, size_t piece)
{
    for (const char *const *header = message; *header != NULL; header++)
        dkim_signer_header(s, *header, strlen(*header));
    for (size_t at = 0; at < strlen(body); at += piece)
        dkim_signer_body(s, body + at, strlen(body) - at < piece ? strlen(body) - at : piece);
}

/* The value of a tag, without white space. */
static void get_tag(const char *header, const char *name, struct str *value)
{
    struct str packed = {0};
    char key[8];

    for (const char *p = strchr(header, ':') + 1; *p != 0; p++)
        if (strchr(" \t\n", *p) == NULL)
            str_addc(&packed, *p);
    str_addc(&packed, ';');
    snprintf(key, sizeof(key), ";%s=", name);
    const char *found = strncmp(str_text(&packed), key + 1, strlen(key) - 1) == 0 ? str_text(&packed) - 1
                                                                                  : strstr(str_text(&packed), key);
    str_clear(value);
    if (found != NULL)
        str_add(value, found + strlen(key), strcspn(found + strlen(key), ";"));
    str_done(&packed);
}

/* A verifier as RFC 6376 6.1.3 describes it: what is hashed for the headers that h= names. */
static void signed_text(const char *header, enum dkim_canon canon, struct str *text)
{
    struct str names = {0};
    bool taken[8] = {false};
    size_t count = sizeof(message) / sizeof(message[0]) - 1;
    char *rest, *name;

    get_tag(header, "h", &names);
    for (name = strtok_r(names.data, ":", &rest); name != NULL; name = strtok_r(NULL, ":", &rest)) {
        for (size_t i = count; i > 0; i--) {
            const char *line = message[i - 1];
            if (taken[i - 1] || strncasecmp(line, name, strlen(name)) != 0 || line[strlen(name)] != ':')
                continue;
            taken[i - 1] = true;
            dkim_canon_header(canon, line, strlen(line), text);
            str_adds(text, "\r\n");
            break;
        }
    }
    const char *b = strstr(header, "b=");
    while (b[-1] != ' ' && b[-1] != '\t')
        b = strstr(b + 1, "b=");
    dkim_canon_header(canon, header, (size_t) (b + 2 - header), text);
    str_done(&names);
}

static void decode(const char *base64, struct str *bytes)
{
    size_t len = strlen(base64);

    unsigned char *to = (unsigned char *) str_grow(bytes, len / 4 * 3);
    assert_int_equal(EVP_DecodeBlock(to, (const unsigned char *) base64, (int) len), len / 4 * 3);
    for (; len > 0 && base64[len - 1] == '='; len--)
        str_cut(bytes, bytes->len - 1);
}

static EVP_PKEY *public_key(const struct dkim_key *key)
{
    struct str base64 = {0}, der = {0};

    dkim_key_public(key, &base64);
    decode(str_text(&base64), &der);
    const unsigned char *p = (const unsigned char *) str_text(&der);
    EVP_PKEY *pkey = dkim_key_algorithm(key) == DKIM_RSA_SHA256
                         ? d2i_PUBKEY(NULL, &p, (long) der.len)
                         : EVP_PKEY_new_raw_public_key(EVP_PKEY_ED25519, NULL, p, der.len);
    str_done(&base64);
    str_done(&der);
    return pkey;
}

static void verify(const char *header, const struct dkim_key *key, enum dkim_canon canon)
{
    struct str text = {0}, b = {0}, signature = {0};
    EVP_MD_CTX *ctx = EVP_MD_CTX_new();
    EVP_PKEY *pkey = public_key(key);
    unsigned char hash[DKIM_HASH_LEN];
    bool is_rsa = dkim_key_algorithm(key) == DKIM_RSA_SHA256;

    signed_text(header, canon, &text);
    get_tag(header, "b", &b);
    decode(str_text(&b), &signature);
    EVP_Digest(text.data, text.len, hash, NULL, EVP_sha256(), NULL);
    assert_int_equal(EVP_DigestVerifyInit(ctx, NULL, is_rsa ? EVP_sha256() : NULL, NULL, pkey), 1);
    assert_int_equal(EVP_DigestVerify(ctx, (unsigned char *) signature.data, signature.len,
                         is_rsa ? (unsigned char *) text.data : hash, is_rsa ? text.len : sizeof(hash)),
        1);
    EVP_MD_CTX_free(ctx);
    EVP_PKEY_free(pkey);
    str_done(&text);
    str_done(&b);
    str_done(&signature);
}

static void check_lines(const char *header)
{
    for (const char *line = header; *line != 0; line += strcspn(line, "\n"), line += *line == '\n')
        assert_in_range(strcspn(line, "\n"), 1, 78);
}

static void test_signatures(void **state)
{
    struct str header = {0}, other = {0}, why = {0}, tag = {0};
    const char *keys[] = {rsa_pem, ed25519_seed};

    (void) state;
    for (int i = 0; i < 8; i++) {
        struct dkim_key *key = parse(keys[i & 1]);
        struct dkim_signature signature = {.key = key,
            .domain = "example.com",
            .selector = "sel",
            .when = 1700000000,
            .header_canon = i & 2 ? DKIM_RELAXED : DKIM_SIMPLE,
            .body_canon = i & 4 ? DKIM_RELAXED : DKIM_SIMPLE,
            .identity = "joe=;@example.com",
            .headers = to_sign,
            .oversigned = to_oversign};
        struct dkim_signer *s = dkim_signer_new();

        assert_int_equal(dkim_signer_add(s, &signature), 0);
        feed(s, 1000);
        str_clear(&header);
        assert_true(dkim_signer_finish(s, 0, &header, &why));
        verify(str_text(&header), key, signature.header_canon);
        check_lines(str_text(&header));
        get_tag(str_text(&header), "h", &tag);
        assert_string_equal(str_text(&tag), "From:From:To:Subject:Subject:Reply-To");
        get_tag(str_text(&header), "i", &tag);
        assert_string_equal(str_text(&tag), "joe=3D=3B@example.com");

        dkim_signer_reset(s);
        dkim_signer_add(s, &signature);
        feed(s, 1);
        str_clear(&other);
        assert_true(dkim_signer_finish(s, 0, &other, &why));
        assert_string_equal(str_text(&other), str_text(&header));
        dkim_signer_free(s);
        dkim_key_release(key);
    }
    str_done(&header);
    str_done(&other);
    str_done(&why);
    str_done(&tag);
}

static void test_several_at_once(void **state)
{
    struct str first = {0}, second = {0}, why = {0};
    struct dkim_key *rsa = parse(rsa_pem), *ed25519 = parse(ed25519_seed);
    struct dkim_signature a = {.key = rsa, .domain = "a.example", .selector = "r", .headers = to_sign};
    struct dkim_signature b = {.key = ed25519,
        .domain = "b.example",
        .selector = "e",
        .headers = to_sign,
        .header_canon = DKIM_RELAXED,
        .body_canon = DKIM_RELAXED};
    struct dkim_signer *s = dkim_signer_new();

    (void) state;
    assert_int_equal(dkim_signer_add(s, &a), 0);
    assert_int_equal(dkim_signer_add(s, &b), 1);
    feed(s, 7);
    assert_true(dkim_signer_finish(s, 1, &second, &why));
    assert_true(dkim_signer_finish(s, 0, &first, &why));
    verify(str_text(&first), rsa, DKIM_SIMPLE);
    verify(str_text(&second), ed25519, DKIM_RELAXED);
    assert_non_null(strstr(str_text(&second), "c=relaxed/relaxed; d=b.example; s=e;"));
    assert_null(strstr(str_text(&second), "t="));
    dkim_signer_free(s);
    dkim_key_release(rsa);
    dkim_key_release(ed25519);
    str_done(&first);
    str_done(&second);
    str_done(&why);
}

/* RFC 8463 appendix A.3: Ed25519 has one signature for a text, so this must be it. */
static void test_rfc8463(void **state)
{
    static const char *const lines[] = {
        "From: Joe SixPack <joe@football.example.com>",
        "To: Suzie Q <suzie@shopping.example.net>",
        "Subject: Is dinner ready?",
        "Date: Fri, 11 Jul 2003 21:00:37 -0700 (PDT)",
        "Message-ID: <20030712040037.46341.5F8J@football.example.com>",
    };
    static const char signature[] =
        "DKIM-Signature: v=1; a=ed25519-sha256; c=relaxed/relaxed;\n"
        " d=football.example.com; i=@football.example.com;\n q=dns/txt; s=brisbane; t=1528637909; h=from : to :\n"
        " subject : date : message-id : from : subject : date;\n"
        " bh=2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=;\n b=";
    static const char text[] = "Hi.\n\nWe lost the game.  Are you hungry yet?\n\nJoe.\n";
    struct str canonical = {0}, raw = {0}, why = {0};
    unsigned char hash[DKIM_HASH_LEN], base64[128];
    struct dkim_body *b = dkim_canon_body_new(DKIM_RELAXED);
    struct dkim_key *key = parse(ed25519_seed);

    (void) state;
    dkim_canon_body_add(b, text, strlen(text));
    EVP_EncodeBlock(base64, dkim_canon_body_hash(b), DKIM_HASH_LEN);
    assert_string_equal((char *) base64, "2jUSOH9NhtVGCQWNr9BrIAPreKQjO6Sn7XIkfJVOzv8=");
    for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
        dkim_canon_header(DKIM_RELAXED, lines[i], strlen(lines[i]), &canonical);
        str_adds(&canonical, "\r\n");
    }
    dkim_canon_header(DKIM_RELAXED, signature, strlen(signature), &canonical);
    EVP_Digest(canonical.data, canonical.len, hash, NULL, EVP_sha256(), NULL);
    assert_true(dkim_key_sign(key, hash, &raw, &why));
    EVP_EncodeBlock(base64, (unsigned char *) raw.data, (int) raw.len);
    assert_string_equal(
        (char *) base64, "/gCrinpcQOoIfuHNQIbq4pgh9kyIK3AQUdt9OdqQehSwhEIug4D11BusFa3bT3FY5OsU7ZbnKELq+eXdp1Q1Dw==");
    dkim_canon_body_free(b);
    dkim_key_release(key);
    str_done(&canonical);
    str_done(&raw);
    str_done(&why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_signatures),
        cmocka_unit_test(test_several_at_once),
        cmocka_unit_test(test_rfc8463),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
