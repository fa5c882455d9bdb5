/* helper.h: the process that waits for a database.
 *
 * A copy of proxymap with nothing but a socket to it. Requests are attribute lists "table", "key",
 * answers "status", "value", one after the other. Connections to the servers are kept by each table
 * (lib/table/dbms_hosts.h). It ends when proxymap does, or closes the socket.
 */
#ifndef PROXYMAP_HELPER_H
#define PROXYMAP_HELPER_H

#include "base/compiler.h"

void proxymap_helper_run(int fd) NORETURN;

#endif
