/* dbms.h: settings of tables that main.cf itself holds: "transport_maps = ldap:foo" with
 * "foo_server_host = ...".
 */
#ifndef POSTCONF_DBMS_H
#define POSTCONF_DBMS_H

/* For each table in a parameter's value that may have its settings in main.cf: every name that such
 * a setting can have. */
void postconf_dbms_names(const char *value, void (*each)(void *context, const char *name), void *context);

#endif
