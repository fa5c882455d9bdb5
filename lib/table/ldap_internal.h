/* ldap_internal.h: what the files of the ldap table know of each other. */
#ifndef TABLE_LDAP_INTERNAL_H
#define TABLE_LDAP_INTERNAL_H

#include <ldap.h>

#include "base/vec.h"
#include "table/dbms.h"

enum ldap_bind { LDAP_BIND_NONE, LDAP_BIND_SIMPLE, LDAP_BIND_SASL };

/* What an attribute of an entry is to us, by the order in which they are looked at. */
enum ldap_part {
    LDAP_PART_TERMINAL, /* an entry that has one counts for nothing else */
    LDAP_PART_LEAF,     /* left out in entries that lead to others */
    LDAP_PART_RESULT,
    LDAP_PART_SPECIAL,  /* leads to other entries: a DN or an URL */
    LDAP_PARTS
};

struct ldap_table {
    struct dbms dbms;      /* its query is the filter */
    struct dbms_conf conf; /* stays open: texts lie in it */
    char *urls;
    const char *base;
    struct dbms_needs base_needs;
    int scope, dereference, version, timeout_s, size_limit, recursion_limit, debug_level;
    bool chases_referrals, starts_tls, requires_cert;
    enum ldap_bind bind;
    const char *bind_dn, *bind_pw;
    const char *sasl_mechs, *sasl_realm, *sasl_authz_id;
    int sasl_minssf;
    const char *tls_ca_cert_file, *tls_ca_cert_dir, *tls_cert, *tls_key, *tls_random_file, *tls_cipher_suite;
    struct vec attributes;    /* char *, all parts one after the other, NULL behind the last */
    size_t ends[LDAP_PARTS];  /* where each part ends there */
    LDAP *ld;                 /* NULL: not connected */
};

/* Connect and bind. False: logged. */
bool ldap_connect_open(struct ldap_table *l);
void ldap_connect_close(struct ldap_table *l);

/* One search, within the time limit; *found is for ldap_msgfree(), also after a failure. An LDAP result code. */
int ldap_connect_search(struct ldap_table *l, const char *base, int scope, const char *filter, char **attributes,
    LDAPMessage **found);

/* The values of all entries that were found, and of those that they lead to, are added to value. */
enum table_result ldap_result_values(struct ldap_table *l, LDAPMessage *found, const char *key, struct str *value);

#endif
