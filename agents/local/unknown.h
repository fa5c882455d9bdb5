/* unknown.h: mail for a local name that is nobody's.
 */
#ifndef LOCAL_UNKNOWN_H
#define LOCAL_UNKNOWN_H

#include "agents/local/target.h"

void local_unknown_open(void); /* tables, before the jail */

/* By fallback_transport_maps, fallback_transport or luser_relay; else it is returned. */
enum outcome local_unknown_deliver(const struct target *t);

#endif
