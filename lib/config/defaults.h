/* defaults.h: the defaults that are computed: what machine and process this is.
 */
#ifndef CONFIG_DEFAULTS_H
#define CONFIG_DEFAULTS_H

#include "base/str.h"
#include "config/eval.h"

/* The default of a parameter whose row has none, appended; nothing for a name without one. Wrong
 * inet_protocols, inet_interfaces or mynetworks_style are fatal. */
void defaults_compute(struct eval *e, const char *name, struct str *value);

#endif
