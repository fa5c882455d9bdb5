#include "cmd/postconf/dbms.h"

#include <string.h>

#include "base/arena.h"
#include "base/compiler.h"
#include "base/str.h"
#include "base/words.h"

static const char common[] = "domain expansion_limit query result_format";
static const char old_sql[] = "additional_conditions select_field table where_field";
static const char sql_server[] = "dbname hosts idle_interval password require_result_set retry_interval user";

static const struct {
    const char *type;
    const char *suffixes[4]; /* words */
} types[] = {
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
        {common, old_sql, sql_server,
            "charset option_file option_group tls_CAfile tls_CApath tls_cert_file tls_ciphers tls_key_file "
            "tls_verify_cert"}},
    {"pgsql", {common, old_sql, sql_server, "encoding select_function"}},
    {"sqlite", {common, old_sql, "dbpath"}},
};

static void each_suffix(const char *source, size_t type, void (*each)(void *context, const char *name), void *context)
{
    struct arena arena = {0};
    struct vec suffixes = {0};

    for (size_t i = 0; i < ARRAY_SIZE(types[type].suffixes) && types[type].suffixes[i] != NULL; i++)
        words_split(&arena, types[type].suffixes[i], WORDS_SPACE, &suffixes);
    for (size_t i = 0; i < suffixes.count; i++)
        each(context, arena_printf(&arena, "%s_%s", source, (const char *) suffixes.items[i]));
    vec_done(&suffixes, NULL);
    arena_done(&arena);
}

void postconf_dbms_names(const char *value, void (*each)(void *context, const char *name), void *context)
{
    struct arena arena = {0};
    struct vec words = {0};

    words_split(&arena, value, WORDS_LIST "{}", &words); /* braces: unionmap:{ldap:foo} */
    for (size_t w = 0; w < words.count; w++) {
        const char *word = words.items[w];
        if (strncmp(word, "proxy:", 6) == 0)
            word += 6;
        size_t len = strcspn(word, ":");
        if (word[len] == 0 || word[len + 1] == 0 || word[len + 1] == '/' || word[len + 1] == '.')
            continue; /* a file holds the settings */
        for (size_t t = 0; t < ARRAY_SIZE(types); t++)
            if (strlen(types[t].type) == len && strncmp(types[t].type, word, len) == 0)
                each_suffix(word + len + 1, t, each, context);
    }
    vec_done(&words, NULL);
    arena_done(&arena);
}
