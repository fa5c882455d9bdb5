/* settings.h: main.cf of instances, written by postconf(1), which knows how to do that at once or not at all.
 */
#ifndef POSTMULTI_SETTINGS_H
#define POSTMULTI_SETTINGS_H

#include "base/vec.h"

void postmulti_settings_require_init(void); /* fatal: "postmulti -e init" was not run */

/* One or two "name = value" (second NULL: one); fatal if that fails. */
void postmulti_settings_write(const char *config_dir, const char *first, const char *second);

/* postconf -c config_dir OPTION settings..., const char *; no settings: nothing is done. */
void postmulti_settings_edit(const char *config_dir, const char *option, const struct vec *settings);

/* What is wrong with the machine, not with the command line, is logged under this name. */
void postmulti_settings_use_script_tag(void);

#endif
