#include "table/direct.h"

#include "table/type.h"
#include "table/types.h"

static const struct table_type types[] = {
#ifdef WITH_LDAP
    {"ldap", TYPE_BLOCKS | TYPE_READ_ONLY, &ldap_ops},
#endif
#ifdef WITH_MYSQL
    {"mysql", TYPE_BLOCKS | TYPE_READ_ONLY, &mysql_ops},
#endif
#ifdef WITH_PGSQL
    {"pgsql", TYPE_BLOCKS | TYPE_READ_ONLY, &pgsql_ops},
#endif
#ifdef WITH_SQLITE
    {"sqlite", TYPE_BLOCKS | TYPE_READ_ONLY, &sqlite_ops},
#endif
    {NULL, 0, NULL}, /* there may be none of them */
};

void direct_use(void)
{
    types_set_direct(types, ARRAY_SIZE(types) - 1);
}
