/* The table types. A new one is a file and a row; one whose client library blocks is asked through
 * proxymap, and has its own operations in direct.c. */
#include <string.h>

#include "table/type.h"
#include "table/types.h"

static const struct table_type types[] = {
    /* in the order of the alphabet: postconf -m lists them so
     * name       traits                                    operations */
#ifdef WITH_DB
    {"btree", TYPE_CREATED, &berkeley_ops},
#endif
#ifdef WITH_CDB
    {"cdb", TYPE_CREATED, &cdb_ops},
#endif
    {"cidr", TYPE_PATTERN | TYPE_READ_ONLY, &cidr_ops},
    {"debug", 0, &debug_ops},
    {"environ", 0, &environ_ops},
    {"fail", TYPE_CREATED, &fail_ops},
#ifdef WITH_DB
    {"hash", TYPE_CREATED, &berkeley_ops},
#endif
    {"inline", TYPE_READ_ONLY, &inline_ops},
    {"internal", 0, &internal_ops},
#ifdef WITH_LDAP
    {"ldap", TYPE_BLOCKS | TYPE_READ_ONLY, &proxy_ops},
#endif
#ifdef WITH_LMDB
    {"lmdb", TYPE_CREATED | TYPE_LIVE | TYPE_FCNTL, &lmdb_ops},
#endif
    {"memcache", TYPE_UNTRUSTED, &memcache_ops},
#ifdef WITH_MYSQL
    {"mysql", TYPE_BLOCKS | TYPE_READ_ONLY, &proxy_ops},
#endif
    {"nis", TYPE_READ_ONLY, &nis_ops},
#ifdef WITH_PCRE
    {"pcre", TYPE_PATTERN | TYPE_READ_ONLY, &pcre_ops},
#endif
#ifdef WITH_PGSQL
    {"pgsql", TYPE_BLOCKS | TYPE_READ_ONLY, &proxy_ops},
#endif
    {"pipemap", TYPE_READ_ONLY, &pipemap_ops},
    {"proxy", 0, &proxy_ops},
    {"randmap", TYPE_PATTERN | TYPE_READ_ONLY, &randmap_ops},
    {"redis", TYPE_UNTRUSTED, &redis_ops},
    {"regexp", TYPE_PATTERN | TYPE_READ_ONLY, &regexp_ops},
    {"socketmap", TYPE_PATTERN | TYPE_READ_ONLY | TYPE_UNTRUSTED, &socketmap_ops},
#ifdef WITH_SQLITE
    {"sqlite", TYPE_BLOCKS | TYPE_READ_ONLY, &proxy_ops},
#endif
    {"static", 0, &static_ops},
    {"tcp", TYPE_PATTERN | TYPE_READ_ONLY | TYPE_UNTRUSTED, &tcp_ops},
    {"texthash", TYPE_READ_ONLY, &texthash_ops},
    {"unionmap", TYPE_READ_ONLY, &unionmap_ops},
    {"unix", TYPE_READ_ONLY, &unix_ops},
};

const struct table_type *types_find(const char *name, size_t len)
{
    for (size_t i = 0; i < ARRAY_SIZE(types); i++)
        if (strncmp(types[i].name, name, len) == 0 && types[i].name[len] == 0)
            return &types[i];
    return NULL;
}

static const struct table_type *direct; /* see direct.h */
static size_t direct_count;

void types_set_direct(const struct table_type *given, size_t count)
{
    direct = given;
    direct_count = count;
}

const struct table_type *types_direct(const struct table_type *type)
{
    for (size_t i = 0; i < direct_count; i++)
        if (strcmp(direct[i].name, type->name) == 0)
            return &direct[i];
    return type;
}

const struct table_type *types_all(size_t *count)
{
    *count = ARRAY_SIZE(types);
    return types;
}
