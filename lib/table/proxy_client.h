/* proxy_client.h: asking proxymap, over as many connections as there are questions at once.
 *
 * A connection serves one question after the other, and is kept for a while (ipc_idle). What is
 * being asked already is not asked again: who comes later gets the same answer.
 */
#ifndef TABLE_PROXY_CLIENT_H
#define TABLE_PROXY_CLIENT_H

#include <stdbool.h>

#include "base/str.h"

/* The answer replaces what is in reply, an attribute list. A connection that is lost or cannot be
 * made is tried again, once a second, within twice the time that proxymap has for a question
 * (proxymap_query_timeout). False: no answer, which was logged. Waits as io_wait() does. */
bool proxy_client_ask(bool for_writing, const struct str *request, struct str *reply);

#endif
