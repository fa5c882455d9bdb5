/* edit.h: -e: adding, removing, naming, enabling.
 *
 * Which instances there are is in multi_instance_directories of the primary one's main.cf; what an instance is
 * called, and whether it is enabled, in its own. Both are written by postconf(1).
 */
#ifndef POSTMULTI_EDIT_H
#define POSTMULTI_EDIT_H

#include "cmd/postmulti/options.h"

void postmulti_edit(struct vec *instances, const struct options *o); /* what cannot be done is fatal */

#endif
