/* pool.h: the processes that ask a database server, so many for each server.
 *
 * A question waits for one of them, and never longer than proxymap_query_timeout. A server that let
 * that pass is suspect: from then on one question at a time finds out whether it answers again, and
 * all others are told at once to try later. So one server that hangs holds up nobody who asks another.
 */
#ifndef PROXYMAP_POOL_H
#define PROXYMAP_POOL_H

#include "base/str.h"
#include "table/proxy.h"

/* close_others() closes, in a new process, the descriptors that are not its own. */
void proxymap_pool_init(void (*close_others)(void));

/* Look the key up in the table, which blocks; server names who is asked. The value replaces what is
 * in value. Waits as io_wait() does. */
enum proxy_status proxymap_pool_ask(const char *server, const char *table, const char *key, struct str *value);

/* Are all questions answered? */
bool proxymap_pool_is_idle(void);

#endif
