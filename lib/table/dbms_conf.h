/* dbms_conf.h: the parameters of a table that a database answers (mysql_table(5), ldap_table(5) ...).
 *
 * A table's name that begins with '/' or '.' is a file in the form of main.cf, whose values are taken
 * as they stand. Any other name is a prefix: "accounts" has its parameters in main.cf, as
 * "accounts_hosts". Read them all, then ask once whether any was bad: the first one is remembered.
 */
#ifndef TABLE_DBMS_CONF_H
#define TABLE_DBMS_CONF_H

#include <stdbool.h>

#include "base/str.h"
#include "config/main_cf.h"

struct dbms_conf {
    const char *name; /* lent */
    bool is_file;
    struct main_cf file;
    struct str names; /* dbms_conf.c only */
    struct str why;   /* what is wrong; empty: nothing so far */
};

/* False: why is "open PATH: cause" or names the line. */
bool dbms_conf_open(struct dbms_conf *c, const char *name, struct str *why);
void dbms_conf_close(struct dbms_conf *c);

/* A value, or the default. Texts live until dbms_conf_close(). */
const char *dbms_conf_text(struct dbms_conf *c, const char *parameter, const char *default_);
const char *dbms_conf_needed(struct dbms_conf *c, const char *parameter);      /* must be set, and not be empty */
int dbms_conf_int(struct dbms_conf *c, const char *parameter, int default_, int min); /* min 0: none */
bool dbms_conf_bool(struct dbms_conf *c, const char *parameter, bool default_);
bool dbms_conf_is_set(struct dbms_conf *c, const char *parameter);

/* False, and why: one of the values was bad. */
bool dbms_conf_is_good(const struct dbms_conf *c, struct str *why);

#endif
