/* types.h: the operations of each table type, defined in the file of that name.
 */
#ifndef TABLE_TYPES_H
#define TABLE_TYPES_H

struct type_ops;

extern const struct type_ops berkeley_ops, cdb_ops, cidr_ops, debug_ops, environ_ops, fail_ops, inline_ops,
    internal_ops, ldap_ops, lmdb_ops, memcache_ops, mysql_ops, nis_ops, pcre_ops, pgsql_ops, pipemap_ops, proxy_ops,
    randmap_ops, redis_ops, regexp_ops, socketmap_ops, sqlite_ops, static_ops, tcp_ops, texthash_ops, unionmap_ops,
    unix_ops;

#endif
