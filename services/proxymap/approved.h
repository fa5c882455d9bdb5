/* approved.h: which tables proxymap may open for others.
 *
 * Those that proxy_read_maps, or for proxywrite proxy_write_maps, name with proxy: in front. And for
 * reading each table that main.cf or master.cf name and whose client library blocks: Postfix's
 * daemons open these by themselves, ours leave it to proxymap.
 */
#ifndef PROXYMAP_APPROVED_H
#define PROXYMAP_APPROVED_H

#include <stdbool.h>

/* Read the lists, and open the tables that block: still as root, since their parameters hold passwords. */
void proxymap_approved_load(bool for_writing);

/* False: the warnings are logged. */
bool proxymap_approved_has(const char *table);

/* Is it, or has it among its parts, a table whose client library blocks? */
bool proxymap_approved_blocks(const char *table);

#endif
