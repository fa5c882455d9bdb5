/* old_names.h: parameters that have another name now, and values that look like a comment.
 */
#ifndef POSTCONF_OLD_NAMES_H
#define POSTCONF_OLD_NAMES_H

#include "config/main_cf.h"

/* Warnings, sorted by name. path: that of main.cf. */
void postconf_old_names_warn(const struct main_cf *m, const char *path);
void postconf_old_names_warn_of_comments(const struct main_cf *m, const char *path);

#endif
