/* iterate.h: the same for one instance after the other.
 *
 * Each returns the exit status: 0 if all went well. One that fails does not stop the others.
 */
#ifndef POSTMULTI_ITERATE_H
#define POSTMULTI_ITERATE_H

#include "cmd/postmulti/options.h"

int postmulti_iterate_list(const struct vec *instances, const struct options *o);    /* -l */
int postmulti_iterate_postfix(const struct vec *instances, const struct options *o); /* -p */
int postmulti_iterate_program(const struct vec *instances, const struct options *o); /* -x */

#endif
