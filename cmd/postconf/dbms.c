#include "cmd/postconf/dbms.h"

#include <errno.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/log.h"
#include "base/str.h"
#include "base/words.h"
#include "config/main_cf.h"

static const char common[] = "domain expansion_limit result_format";
static const char sql[] = "query additional_conditions select_field table where_field";
static const char sql_server[] = "dbname hosts idle_interval password require_result_set retry_interval user";

static const struct postconf_dbms types[] = {
    {"ldap",
        {common, "bind bind_dn bind_pw cache cache_expiry cache_size chase_referrals debuglevel dereference",
            "leaf_result_attribute query_filter recursion_limit result_attribute result_filter sasl_authz_id "
            "sasl_mechs sasl_minssf sasl_realm scope search_base server_host server_port size_limit",
            "special_result_attribute start_tls terminal_result_attribute timeout tls_ca_cert_dir tls_ca_cert_file "
            "tls_cert tls_cipher_suite tls_key tls_random_file tls_require_cert version"}},
    {"memcache",
        {"backup data_size_limit domain flags key_digest key_format line_size_limit max_try memcache",
            "retry_pause timeout ttl"}},
    {"mongodb", {common, "collection dbname projection query_filter result_attribute search_base uri"}},
    {"mysql",
        {common, sql, sql_server,
            "charset option_file option_group tls_CAfile tls_CApath tls_cert_file tls_ciphers tls_key_file "
            "tls_verify_cert"}},
    {"pgsql", {common, sql, sql_server, "encoding select_function"}},
    {"sqlite", {common, sql, "dbpath"}},
};

static void split_suffixes(const struct postconf_dbms *d, struct arena *a, struct vec *suffixes)
{
    for (size_t i = 0; i < ARRAY_SIZE(d->suffixes) && d->suffixes[i] != NULL; i++)
        words_split(a, d->suffixes[i], WORDS_SPACE, suffixes);
}

void postconf_dbms_names(
    const struct postconf_dbms *d, const char *source, void (*each)(void *context, const char *name), void *context)
{
    struct arena arena = {0};
    struct vec suffixes = {0};

    split_suffixes(d, &arena, &suffixes);
    for (size_t i = 0; i < suffixes.count; i++)
        each(context, arena_printf(&arena, "%s_%s", source, (const char *) suffixes.items[i]));
    vec_done(&suffixes, NULL);
    arena_done(&arena);
}

/* A search. */
struct search {
    const char *where;
    postconf_dbms_visit *visit;
    void *context;
};

static void find_in_list(const struct search *s, char *list);

static bool is_composed(const char *type, size_t len)
{
    return (len == 8 && memcmp(type, "unionmap", len) == 0) || (len == 7 && memcmp(type, "pipemap", len) == 0);
}

/* "type:source" */
static void find_in_table(const struct search *s, char *table)
{
    if (strncmp(table, "proxy:", 6) == 0)
        table += 6;
    size_t len = strcspn(table, ":");
    if (table[len] == 0)
        return;
    char *source = table + len + 1;
    const char *problem;
    char *inside = is_composed(table, len) ? words_unbrace(source, &problem) : NULL;
    if (inside != NULL)
        find_in_list(s, inside);
    for (size_t t = 0; t < ARRAY_SIZE(types) && *source != 0; t++)
        if (strlen(types[t].type) == len && memcmp(types[t].type, table, len) == 0)
            s->visit(s->context, &types[t], source);
}

static void find_in_list(const struct search *s, char *list)
{
    struct arena arena = {0};

    for (char *word; (word = words_next_braced(&list, WORDS_LIST)) != NULL;) {
        const char *problem = NULL, *whole = arena_strdup(&arena, word);
        char *table = *word == '{' ? words_unbrace(word, &problem) : word;
        if (table != NULL)
            find_in_table(s, table);
        else
            log_warn("%s: %s in \"%s\"", s->where, problem, whole);
    }
    arena_done(&arena);
}

void postconf_dbms_find(const char *value, const char *where, postconf_dbms_visit *visit, void *context)
{
    const struct search s = {where, visit, context};
    struct arena arena = {0};

    find_in_list(&s, arena_strdup(&arena, value));
    arena_done(&arena);
}

static bool is_known(const struct vec *suffixes, const char *name)
{
    for (size_t i = 0; i < suffixes->count; i++)
        if (strcmp(suffixes->items[i], name) == 0)
            return true;
    return false;
}

static void warn_of_unknown(const struct postconf_dbms *d, const char *path, const struct main_cf *settings)
{
    struct arena arena = {0};
    struct vec suffixes = {0}, names = {0};

    split_suffixes(d, &arena, &suffixes);
    for (struct hash_entry *e = NULL; (e = hash_next(&settings->entries, e)) != NULL;)
        if (!is_known(&suffixes, e->key))
            vec_add(&names, e->key);
    vec_sort_texts(&names);
    for (size_t i = 0; i < names.count; i++)
        log_warn("%s:%s: unused parameter: %s=%s", d->type, path, (const char *) names.items[i],
            main_cf_get(settings, names.items[i]));
    vec_done(&names, NULL);
    vec_done(&suffixes, NULL);
    arena_done(&arena);
}

void postconf_dbms_check_file(const struct postconf_dbms *d, const char *path, bool is_quiet)
{
    struct main_cf settings = {0};
    struct str why = {0};
    struct stat st;

    bool is_there = stat(path, &st) == 0;
    if (!is_there || !S_ISREG(st.st_mode) || access(path, R_OK) < 0) {
        log_warn("open \"%s\" configuration \"%s\": %s", d->type, path,
            is_there && !S_ISREG(st.st_mode) ? "not a regular file" : strerror(errno));
        return;
    }
    if (!main_cf_read(&settings, path, &why))
        fatal("%s", str_text(&why));
    if (!is_quiet)
        warn_of_unknown(d, path, &settings);
    main_cf_done(&settings);
    str_done(&why);
}
