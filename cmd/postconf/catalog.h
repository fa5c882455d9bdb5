/* catalog.h: every parameter name that means something here, sorted.
 *
 * Built in, or made from a line of master.cf, or the user's own: a name that main.cf sets and that
 * something refers to.
 */
#ifndef POSTCONF_CATALOG_H
#define POSTCONF_CATALOG_H

#include "base/arena.h"
#include "base/hash.h"
#include "base/vec.h"
#include "config/eval.h"
#include "config/main_cf.h"
#include "config/master_cf.h"

enum postconf_class { POSTCONF_BUILTIN = 1, POSTCONF_SERVICE = 2, POSTCONF_USER = 4, POSTCONF_ALL = 7 };

struct postconf_name {
    const char *name;
    const char *default_value; /* unexpanded; NULL: computed, or a name of the user's */
    enum postconf_class class;
};

struct postconf_catalog {
    struct hash names; /* name -> struct postconf_name */
    struct arena arena;
};

/* Names that are built in or come from master.cf (which may be empty). */
void postconf_catalog_init(
    struct postconf_catalog *c, const struct main_cf *main_cf, const struct master_cf *master_cf);
void postconf_catalog_add_users(struct postconf_catalog *c, const char *name);
const struct postconf_name *postconf_catalog_find(const struct postconf_catalog *c, const char *name);
void postconf_catalog_sorted(const struct postconf_catalog *c, struct vec *names); /* const struct postconf_name * */
void postconf_catalog_done(struct postconf_catalog *c);

#endif
