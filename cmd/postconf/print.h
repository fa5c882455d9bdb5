/* print.h: lines as postconf writes them, to standard output.
 */
#ifndef POSTCONF_PRINT_H
#define POSTCONF_PRINT_H

#include <stdbool.h>

#include "base/str.h"
#include "config/master_cf.h"

enum postconf_show { POSTCONF_BOTH, POSTCONF_NAME_ONLY, POSTCONF_VALUE_ONLY };

/* "name = value" with its newline, appended. Runs of white space in the value become one blank;
 * folded: lines of 80 columns where words allow. */
void postconf_print_param(struct str *out, const char *name, const char *value, enum postconf_show show, bool fold);

/* A line of master.cf in its columns; folded: each -o setting on a line of its own. */
void postconf_print_service(struct str *out, const struct master_service *s, bool fold);

#endif
