/* claims.h: no two instances have a directory or a name in common, nor one of the directories of the programs.
 */
#ifndef POSTMULTI_CLAIMS_H
#define POSTMULTI_CLAIMS_H

#include "cmd/postmulti/instance.h"

void postmulti_claims_check_new(const struct vec *instances, const char *config_dir); /* fatal: it is an instance's */
void postmulti_claims_check(const struct vec *instances, const struct instance *i);   /* fatal: another has its ... */

#endif
