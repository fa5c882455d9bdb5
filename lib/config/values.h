/* values.h: the text of a parameter becomes what its class says.
 */
#ifndef CONFIG_VALUES_H
#define CONFIG_VALUES_H

#include <stdbool.h>

#include "base/str.h"
#include "config/params.h"

/* Check text (expanded, unless the class is RAW) against the row and store it in the field at
 * field_address. A string field gets the pointer itself. False: why, in Postfix's words; nothing stored. */
bool values_store(const struct param *p, const char *text, void *field_address, struct str *why);

/* What a bare number means: the unit that the row's default has, else seconds. */
char values_time_unit(const struct param *p);

bool values_parse_int(const char *name, const char *text, long min, long max, int *value, struct str *why);
bool values_parse_time(
    const char *name, const char *text, char default_unit, long min, long max, int *seconds, struct str *why);

#endif
