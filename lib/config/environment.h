/* environment.h: the environments that import_environment and export_environment describe.
 *
 * A list has names, which keep the value that our own environment has for them, and name=value
 * ({name = value with spaces}), which sets one; nothing else is let through.
 */
#ifndef CONFIG_ENVIRONMENT_H
#define CONFIG_ENVIRONMENT_H

#include "base/arena.h"
#include "base/vec.h"

/* Append "NAME=value" for each variable of the list, each name once, in the arena. A syntax error is
 * fatal and names the parameter. */
void environment_list(struct arena *a, const char *parameter, const char *list, struct vec *variables);

/* Add one, or replace the variable of that name. */
void environment_set(struct arena *a, struct vec *variables, const char *name_value);

#endif
