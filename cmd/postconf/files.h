/* files.h: main.cf and master.cf, and what follows from them.
 */
#ifndef POSTCONF_FILES_H
#define POSTCONF_FILES_H

#include "cmd/postconf/options.h"
#include "config/eval.h"

struct postconf_files {
    struct str main_path, master_path;
    struct main_cf main_cf; /* with the -o settings of the command line */
    struct master_cf master_cf;
    struct postconf_catalog catalog;
    struct eval eval;
};

void postconf_files_name(struct postconf_files *f); /* only the paths: all that an edit needs */

/* Both files; master.cf may be missing where it is not asked for, and main.cf is not read for defaults. What
 * cannot be read ends the program. */
void postconf_files_read(struct postconf_files *f, const struct postconf_options *o);

/* The -o settings of a service, over those of main.cf (NULL: alone), but for what nobody can set. */
void postconf_files_settings(struct main_cf *all, const struct main_cf *main_cf, const struct master_service *s);

/* Show parameters of main.cf; services, their columns, their -o settings. */
void postconf_show_params(struct postconf_files *f, const struct postconf_options *o, struct str *out);
void postconf_show_services(struct postconf_files *f, const struct postconf_options *o, char mode, struct str *out);

/* A value with its macros expanded, on behalf of the command line; what cannot be ends the program. */
void postconf_expand(struct eval *e, const char *text, struct str *out);

#endif
