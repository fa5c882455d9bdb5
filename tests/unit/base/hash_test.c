#include "base/hash.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"
#include "tests/unit/test.h"

static void keeps_what_was_put(void **state)
{
    struct hash h = {0};
    char key[32];

    (void) state;
    assert_null(hash_get(&h, "nothing"));
    for (intptr_t i = 1; i <= 5000; i++) {
        snprintf(key, sizeof(key), "key%d", (int) i);
        assert_null(hash_put(&h, key, (void *) i));
    }
    assert_int_equal(h.count, 5000);
    for (intptr_t i = 1; i <= 5000; i++) {
        snprintf(key, sizeof(key), "key%d", (int) i);
        assert_ptr_equal(hash_get(&h, key), (void *) i);
    }
    assert_ptr_equal(hash_put(&h, "key7", (void *) 1), (void *) 7);
    assert_int_equal(h.count, 5000);
    hash_done(&h, NULL);
}

static void removes(void **state)
{
    struct hash h = {0};

    (void) state;
    assert_null(hash_remove(&h, "a"));
    hash_put(&h, "a", "1");
    hash_put(&h, "b", "2");
    assert_string_equal(hash_remove(&h, "a"), "1");
    assert_null(hash_get(&h, "a"));
    assert_string_equal(hash_get(&h, "b"), "2");
    hash_done(&h, NULL);
}

static void keys_are_bytes(void **state)
{
    struct hash h = {0};

    (void) state;
    hash_putn(&h, "a\0b", 3, "1");
    hash_putn(&h, "a\0c", 3, "2");
    hash_putn(&h, "", 0, "3");
    assert_string_equal(hash_getn(&h, "a\0c", 3), "2");
    assert_string_equal(hash_getn(&h, "", 0), "3");
    assert_null(hash_getn(&h, "a", 1));
    hash_done(&h, NULL);
}

static void walks_every_entry_once(void **state)
{
    struct hash h = {0};
    int seen[100] = {0};
    char key[32];

    (void) state;
    for (intptr_t i = 0; i < 100; i++) {
        snprintf(key, sizeof(key), "%d", (int) i);
        hash_put(&h, key, (void *) (i + 1));
    }
    for (struct hash_entry *e = NULL; (e = hash_next(&h, e)) != NULL;)
        seen[(intptr_t) e->value - 1]++;
    for (int i = 0; i < 100; i++)
        assert_int_equal(seen[i], 1);
    hash_done(&h, NULL);
}

static void frees_values(void **state)
{
    struct hash h = {0};

    (void) state;
    hash_put(&h, "a", mem_strdup("value")); /* the leak sanitizer sees it if it is not */
    hash_done(&h, mem_free);
    assert_int_equal(h.count, 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(keeps_what_was_put), cmocka_unit_test(removes), cmocka_unit_test(keys_are_bytes),
        cmocka_unit_test(walks_every_entry_once), cmocka_unit_test(frees_values),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
