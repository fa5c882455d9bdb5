#include "services/proxymap/approved.h"

#include <string.h>

#include "base/hash.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/words.h"
#include "config/config.h"
#include "config/main_cf.h"
#include "config/master_cf.h"
#include "table/type.h"

static bool is_for_writing;
static struct hash approved; /* "type:name" -> anything */

static void approve(const char *table)
{
    hash_put(&approved, table, &approved);
    if (proxymap_approved_blocks(table))
        table_open(table, 0); /* never closed: where it is asked for, it is there */
}

/* --- proxy_read_maps --- */

static void approve_list(const char *list);

/* The parts of unionmap:{...} and pipemap:{...}. */
static bool approve_parts(const char *word)
{
    static const char *const combined[] = {"unionmap:", "pipemap:"};
    const char *why;

    for (size_t i = 0; i < ARRAY_SIZE(combined); i++) {
        size_t n = strlen(combined[i]);
        if (strncmp(word, combined[i], n) != 0)
            continue;
        char *copy = mem_strdup(word + n), *parts = words_unbrace(copy, &why);
        if (parts != NULL)
            approve_list(parts);
        mem_free(copy);
        return true;
    }
    return false;
}

static void approve_list(const char *list)
{
    char *copy = mem_strdup(list), *cursor = copy;

    for (char *word; (word = words_next_braced(&cursor, WORDS_LIST)) != NULL;) {
        bool is_proxied = false;
        for (; strncmp(word, "proxy:", strlen("proxy:")) == 0; is_proxied = true)
            word += strlen("proxy:");
        approve_parts(word);
        if (is_proxied && strchr(word, ':') != NULL)
            approve(word);
    }
    mem_free(copy);
}

/* --- tables that block, wherever they are named --- */

static const char *const blocking[] = {"ldap:", "mysql:", "pgsql:", "sqlite:"};

static bool is_at_word(const char *text, const char *at)
{
    return at == text || strchr(WORDS_LIST "{}:=", at[-1]) != NULL;
}

/* The next table of a blocking type in a text, its length in *n; NULL: none. */
static const char *next_blocking(const char *text, const char *from, size_t *n)
{
    for (const char *at = from; *at != 0; at++)
        for (size_t i = 0; i < ARRAY_SIZE(blocking); i++)
            if (strncmp(at, blocking[i], strlen(blocking[i])) == 0 && is_at_word(text, at)) {
                *n = strcspn(at, WORDS_LIST "}");
                return at;
            }
    return NULL;
}

bool proxymap_approved_blocks(const char *table)
{
    size_t n;

    return next_blocking(table, table, &n) != NULL;
}

static bool is_proxied(const char *text, const char *at)
{
    size_t n = strlen("proxy:");

    return (size_t) (at - text) >= n && strncmp(at - n, "proxy:", n) == 0;
}

static void approve_blocking(const char *text)
{
    size_t n;

    for (const char *at = text; (at = next_blocking(text, at, &n)) != NULL; at += n) {
        char *name = mem_strndup(at, n);
        if (!is_proxied(text, at) && hash_get(&approved, name) == NULL)
            approve(name);
        mem_free(name);
    }
}

static void approve_in_main_cf(void)
{
    struct main_cf file = {0};
    struct str why = {0};
    char *path = mem_printf("%s/main.cf", config_dir());

    main_cf_read(&file, path, &why); /* what is wrong with it was told when we started */
    for (struct hash_entry *e = NULL; (e = hash_next(&file.entries, e)) != NULL;) {
        const char *value = config_get(e->key);
        approve_blocking(value == NULL ? e->value : value);
    }
    mem_free(path);
    main_cf_done(&file);
    str_done(&why);
}

static void approve_in_master_cf(void)
{
    struct master_cf file = {0};
    struct str why = {0}, value = {0};

    master_cf_load(&file, &why);
    for (size_t i = 0; i < file.services.count; i++) {
        const struct vec *argv = &((const struct master_service *) file.services.items[i])->argv;
        for (size_t j = 0; j < argv->count; j++) {
            str_clear(&value);
            if (config_expand(argv->items[j], NULL, NULL, &value, &why))
                approve_blocking(str_text(&value));
        }
    }
    arena_done(&file.arena);
    vec_done(&file.services, NULL);
    str_done(&why);
    str_done(&value);
}

/* --- */

void proxymap_approved_load(bool for_writing)
{
    is_for_writing = for_writing;
    approve_list(for_writing ? conf.proxy_write_maps : conf.proxy_read_maps);
    if (for_writing)
        return;
    approve_in_main_cf();
    approve_in_master_cf();
}

bool proxymap_approved_has(const char *table)
{
    if (hash_get(&approved, table) != NULL)
        return true;
    log_warn("request for unapproved table: \"%s\"", table);
    log_warn("to approve this table for %s access, list proxy:%s in main.cf:%s",
        is_for_writing ? "read-write" : "read-only", table, is_for_writing ? "proxy_write_maps" : "proxy_read_maps");
    return false;
}
