/* templates.h: postconf -b and -t: what notifications say.
 */
#ifndef POSTCONF_TEMPLATES_H
#define POSTCONF_TEMPLATES_H

#include <stdbool.h>

#include "base/str.h"

/* The templates in force, or those of a file ("": what is built in; NULL: bounce_template_file), appended
 * to out: as a file, or with their texts expanded. What is wrong with them goes to standard error and
 * to the log, as bounce would say it; what makes them useless is fatal. */
void postconf_templates_show(const char *path, bool are_expanded, struct str *out);

#endif
