/* instance.h: the mail systems of this machine: the primary one, whose main.cf names the others.
 *
 * Instances share programs; each has directories of its own for configuration, queue and data. All texts live
 * until the program ends.
 */
#ifndef POSTMULTI_INSTANCE_H
#define POSTMULTI_INSTANCE_H

#include <stdbool.h>

#include "base/vec.h"

struct instance {
    const char *config_dir, *queue_dir, *data_dir;
    const char *name, *group; /* "": has none */
    bool is_enabled, is_primary;
};

enum instance_selection { SELECT_NOTHING, SELECT_ALL, SELECT_GROUP, SELECT_NAME };

struct selection {
    enum instance_selection by;
    const char *text; /* of -g or -i */
};

/* All of them, struct instance *: the primary one, then the others in their order. One whose main.cf cannot be
 * read is fatal. */
void postmulti_instance_list(struct vec *instances);

/* What the main.cf in there says; fatal if it cannot be read. */
void postmulti_instance_load(struct instance *i, const char *config_dir);

/* By name, with or without its "postfix-", by configuration directory, or "-" for the primary one. */
bool postmulti_instance_is_selected(const struct instance *i, const struct selection *s);

#endif
