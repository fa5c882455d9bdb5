/* print.h: lines as postconf writes them, appended to a string.
 */
#ifndef POSTCONF_PRINT_H
#define POSTCONF_PRINT_H

#include <stdbool.h>

#include "base/str.h"
#include "config/master_cf.h"

enum postconf_show { POSTCONF_BOTH, POSTCONF_NAME_ONLY, POSTCONF_VALUE_ONLY };

struct postconf_style {
    enum postconf_show show;
    bool is_folded; /* lines of 80 columns where words allow */
    bool is_json;   /* {"name": "value"} */
};

/* "name = value" with its newline. Runs of white space in the value become one blank. */
void postconf_print_param(struct str *out, const char *name, const char *value, const struct postconf_style *style);

/* A line of master.cf in its columns; folded: each -o setting on a line of its own. */
void postconf_print_service(struct str *out, const struct master_service *s, bool is_folded);
void postconf_print_service_json(struct str *out, const struct master_service *s); /* {"name/type": "the line"} */

/* "name = command arguments", folded in the same way. */
void postconf_print_command(
    struct str *out, const char *name, const struct master_service *s, const struct postconf_style *style);

#endif
