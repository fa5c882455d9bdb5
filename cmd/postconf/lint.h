/* lint.h: what in main.cf and master.cf leads nowhere.
 */
#ifndef POSTCONF_LINT_H
#define POSTCONF_LINT_H

#include "base/vec.h"
#include "cmd/postconf/catalog.h"

struct postconf_lint {
    struct postconf_catalog *catalog;
    const struct main_cf *main_cf;
    const struct master_cf *master_cf;
    const char *main_path, *master_path; /* for warnings */
    struct vec locals;                   /* lint.c only, from here on: struct postconf_local * */
    struct hash referred;                /* names that main.cf or a default refers to -> non-NULL */
};

/* Find the user's own names that something refers to and add them to the catalog; warn about names
 * that are referred to and exist nowhere. */
void postconf_lint_find_users(struct postconf_lint *l);

/* Warn about what is set and never used, sorted by name, and about names of old that have another now. */
void postconf_lint_unused_main(const struct postconf_lint *l);
void postconf_lint_unused_master(const struct postconf_lint *l);
void postconf_lint_old_names(const struct postconf_lint *l);

void postconf_lint_done(struct postconf_lint *l);

#endif
