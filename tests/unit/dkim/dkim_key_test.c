#include "dkim/dkim_key.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "tests/unit/dkim/keys.h"
#include "tests/unit/test.h"

static void test_ed25519(void **state)
{
    struct str why = {0}, public = {0};
    struct dkim_key *key = dkim_key_parse(ed25519_seed, strlen(ed25519_seed), &why);

    (void) state;
    assert_non_null(key);
    assert_int_equal(dkim_key_algorithm(key), DKIM_ED25519_SHA256);
    dkim_key_public(key, &public);
    assert_string_equal(str_text(&public), ed25519_public);
    dkim_key_release(key);
    str_done(&why);
    str_done(&public);
}

/* PEM, and the same as OpenDKIM's KeyTable has it, without the armour. */
static void test_rsa(void **state)
{
    struct str why = {0}, pem_public = {0}, public = {0};
    const char *begin = strchr(rsa_pem, '\n'), *end = strrchr(rsa_pem, '-') - strlen("-----END RSA PRIVATE KEY-----");
    struct dkim_key *pem = dkim_key_parse(rsa_pem, strlen(rsa_pem), &why);
    struct dkim_key *base64 = dkim_key_parse(begin, (size_t) (end - begin), &why);

    (void) state;
    assert_non_null(pem);
    assert_non_null(base64);
    assert_int_equal(dkim_key_algorithm(pem), DKIM_RSA_SHA256);
    dkim_key_public(pem, &pem_public);
    dkim_key_public(base64, &public);
    assert_string_equal(str_text(&public), str_text(&pem_public));
    assert_int_equal(strncmp(str_text(&public), "MIG", 3), 0);
    dkim_key_release(pem);
    dkim_key_release(base64);
    str_done(&why);
    str_done(&pem_public);
    str_done(&public);
}

static const char *const bad[] = {
    "",
    "\n",
    "=",
    "====",
    "AAAA",
    "not a key",
    "nWGxne/9WmC6hEr0kuwsxERJxWl7MmkZcDusAxyuf2A",
    "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----\n",
    /* an EC key */
    "-----BEGIN EC PRIVATE KEY-----\nMHcCAQEEIGlRHwqpNRn2Yqb4oXYTpEr8AUbn8aQ2PqGsgtEqZm3voAoGCCqGSM49\n",
};

static void test_bad(void **state)
{
    struct str why = {0};

    (void) state;
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        str_clear(&why);
        assert_null(dkim_key_parse(bad[i], strlen(bad[i]), &why));
        assert_int_not_equal(why.len, 0);
    }
    str_done(&why);
}

static struct dkim_key *load_after(const char *path, time_t seconds, struct str *why)
{
    clock_fake(1, seconds);
    return dkim_key_load(path, why);
}

static void write_key(const char *path, const char *text)
{
    struct str why = {0};

    assert_true(file_replace(path, text, strlen(text), 0600, &why));
    str_done(&why);
}

static void test_cache(void **state)
{
    char path[] = "/tmp/dkim_key_test.XXXXXX";
    struct str why = {0};
    int fd = mkstemp(path);

    (void) state;
    close(fd);
    write_key(path, rsa_pem);
    struct dkim_key *first = load_after(path, 100, &why), *same = load_after(path, 101, &why);
    assert_non_null(first);
    assert_ptr_equal(first, same);
    write_key(path, ed25519_seed);
    struct dkim_key *unnoticed = load_after(path, 101, &why), *second = load_after(path, 102, &why);
    assert_ptr_equal(unnoticed, first);
    assert_int_equal(dkim_key_algorithm(second), DKIM_ED25519_SHA256);
    assert_int_equal(dkim_key_algorithm(first), DKIM_RSA_SHA256); /* still held */
    unlink(path);
    assert_null(load_after(path, 103, &why));
    assert_non_null(strstr(str_text(&why), strerror(ENOENT)));
    dkim_key_release(first);
    dkim_key_release(same);
    dkim_key_release(unnoticed);
    dkim_key_release(second);
    dkim_key_forget();
    str_done(&why);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ed25519),
        cmocka_unit_test(test_rsa),
        cmocka_unit_test(test_bad),
        cmocka_unit_test(test_cache),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
