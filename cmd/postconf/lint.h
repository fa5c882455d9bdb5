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
    bool is_quiet;                       /* about what is unused in files of tables */
    struct arena arena;                  /* lint.c only, from here on */
    struct vec locals;                   /* struct postconf_local * */
    struct hash referred;                /* names that main.cf or a default refers to -> non-NULL */
    struct hash of_old;                  /* names that only defaults know: parameters of former times -> non-NULL */
    struct hash classes;                 /* restriction classes of main.cf -> non-NULL */
    struct hash files;                   /* "type:path" of tables that were looked at -> non-NULL */
};

/* Find the user's own names that something refers to and add them to the catalog; warn about names
 * that are referred to and exist nowhere, and about tables whose files cannot be read. A value that cannot be
 * expanded ends the program. */
void postconf_lint_find_users(struct postconf_lint *l);

/* Warn about what is set and never used, sorted by name. */
void postconf_lint_unused_main(const struct postconf_lint *l);
void postconf_lint_unused_master(const struct postconf_lint *l);

void postconf_lint_done(struct postconf_lint *l);

#endif
