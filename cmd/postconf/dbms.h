/* dbms.h: tables whose settings are main.cf parameters ("transport_maps = ldap:foo" with "foo_server_host =
 * ...") or a file of their own ("transport_maps = ldap:/etc/postfix/foo.cf").
 */
#ifndef POSTCONF_DBMS_H
#define POSTCONF_DBMS_H

#include <stdbool.h>
#include <stddef.h>

struct postconf_dbms {
    const char *type;
    const char *suffixes[4]; /* words: what a setting can be called */
};

/* What stands in the table's place behind the type: a name for main.cf, or the path of a file. */
typedef void postconf_dbms_visit(void *context, const struct postconf_dbms *d, const char *source);

/* Each such table in a parameter's value, with macros expanded; also in the braces of unionmap and pipemap.
 * where: for the warning about braces that do not fit. */
void postconf_dbms_find(const char *value, const char *where, postconf_dbms_visit *visit, void *context);

/* Every name that a setting in main.cf can have. */
void postconf_dbms_names(
    const struct postconf_dbms *d, const char *source, void (*each)(void *context, const char *name), void *context);

/* Warn of a file that cannot be read, and (unless is_quiet) of settings in it that the type does not have. */
void postconf_dbms_check_file(const struct postconf_dbms *d, const char *path, bool is_quiet);

#endif
