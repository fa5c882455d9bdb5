/* maildir.h: delivery to a maildir.
 */
#ifndef VIRTUAL_MAILDIR_H
#define VIRTUAL_MAILDIR_H

#include "agents/virtual/copy.h"
#include "agents/virtual/place.h"

/* Sets status and reason, "delivered to maildir" or why not. The directories are made if need be. */
bool virtual_maildir_deliver(const struct place *p, struct copy *c);

#endif
