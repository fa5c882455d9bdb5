/* alias.h: alias_maps, see aliases(5).
 */
#ifndef LOCAL_ALIAS_H
#define LOCAL_ALIAS_H

#include "agents/local/target.h"

void local_alias_open(void); /* before the jail */

/* Deliver to what a name (in lower case, without domain) is an alias for. False: it is none. */
bool local_alias_deliver(const struct target *t, const char *name, enum outcome *outcome);

/* Who is told of failures of what the name is an alias for, in the arena; NULL: it has no owner- alias. */
const char *local_alias_owner(const struct target *t, const char *name);

#endif
