/* The table types. A new one is a file and a row; tables whose client libraries block are
 * rows of proxymap's as well (see table.h). */
#include <string.h>

#include "table/type.h"
#include "table/types.h"

static const struct table_type types[] = {
    /* in the order of the alphabet: postconf -m lists them so
     * name       traits                                    operations */
#ifdef WITH_DB
    {"btree", TYPE_CREATED, &berkeley_ops},
#endif
    {"cidr", TYPE_PATTERN, &cidr_ops},
    {"debug", 0, &debug_ops},
    {"environ", 0, &environ_ops},
    {"fail", TYPE_CREATED, &fail_ops},
#ifdef WITH_DB
    {"hash", TYPE_CREATED, &berkeley_ops},
#endif
    {"inline", 0, &inline_ops},
    {"internal", 0, &internal_ops},
#ifdef WITH_LMDB
    {"lmdb", TYPE_CREATED | TYPE_LIVE | TYPE_FCNTL, &lmdb_ops},
#endif
    {"nis", 0, &nis_ops},
#ifdef WITH_PCRE
    {"pcre", TYPE_PATTERN, &pcre_ops},
#endif
    {"pipemap", 0, &pipemap_ops},
    {"proxy", 0, &proxy_ops},
    {"randmap", TYPE_PATTERN, &randmap_ops},
    {"regexp", TYPE_PATTERN, &regexp_ops},
    {"static", 0, &static_ops},
    {"texthash", 0, &texthash_ops},
    {"unionmap", 0, &unionmap_ops},
    {"unix", 0, &unix_ops},
};

const struct table_type *types_find(const char *name, size_t len)
{
    for (size_t i = 0; i < ARRAY_SIZE(types); i++)
        if (strncmp(types[i].name, name, len) == 0 && types[i].name[len] == 0)
            return &types[i];
    return NULL;
}

const struct table_type *types_all(size_t *count)
{
    *count = ARRAY_SIZE(types);
    return types;
}
