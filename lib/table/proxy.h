/* proxy.h: tables that another process, proxymap(8), is asked for.
 *
 * The protocol is Postfix's: the server announces itself with a list "protocol", then answers lists
 * of a request, a table, flags and so on with a status, one after the other.
 */
#ifndef TABLE_PROXY_H
#define TABLE_PROXY_H

#include <stdbool.h>

#include "table/type.h"

#define PROXY_PROTOCOL "proxymap_protocol"

enum proxy_status { PROXY_OK, PROXY_NOKEY, PROXY_RETRY, PROXY_BAD, PROXY_DENY, PROXY_CONFIG };

enum { PROXY_REQUEST_MAX = 1024 * 1024, PROXY_REPLY_MAX = 64 * 1024 * 1024 };

/* Flags as they are sent. */
enum { PROXY_FLAG_FIXED = 1 << 4, PROXY_FLAG_PATTERN = 1 << 5 };
int proxy_flags_to_wire(int flags); /* enum table_flag */
int proxy_flags_from_wire(int wire);

/* From now on proxy: and the types that block are asked for in proxymap. Not so at first: a command
 * asks by itself, and so does proxymap. */
void proxy_use(bool on);

/* The type that stands for this one here: in programs that ask databases by themselves (direct.h), theirs. */
const struct table_type *proxy_instead(const struct table_type *type, int flags);

#endif
