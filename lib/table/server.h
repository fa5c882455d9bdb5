/* server.h: connections to a server that answers lookups: tcp, socketmap, memcache, redis.
 *
 * Many tasks may ask one server at once, each over a connection of its own; those that are free
 * are kept and used again. Every wait is as io_wait() does it.
 */
#ifndef TABLE_SERVER_H
#define TABLE_SERVER_H

#include <stdbool.h>

#include "base/net.h"
#include "base/stream.h"
#include "base/vec.h"

struct server {
    char *endpoint;  /* as messages call it: "host:port", or a path */
    msec timeout;    /* for connecting, and for each wait of a conversation */
    msec idle, life; /* a connection is not used again after so long without use, and so long in all; 0: no limit */

    char *host, *port;  /* server.c only: NULL: a socket in the file system */
    struct vec free;    /* server.c only */
};

/* A connection that has been taken. */
struct server_link {
    struct stream stream;
    msec made_at, used_at; /* server.c only */
    bool is_reused;        /* it may turn out to have ended: try a new one */
};

/* "host:port", "[address]:port". False: why. */
bool server_init_inet(struct server *s, const char *endpoint, struct str *why);
void server_init_unix(struct server *s, const char *path);
/* "inet:host:port" or "unix:path". False: why. */
bool server_init(struct server *s, const char *service, struct str *why);
void server_done(struct server *s);

/* A free connection, else a new one. NULL: errno. A name that leads nowhere was warned of. */
struct server_link *server_take(struct server *s);

/* Done with it. is_good: the conversation has come to its end, and another one may begin. */
void server_give(struct server *s, struct server_link *l, bool is_good);

/* How names become addresses: at most max of them, port 0; how many, or 0: why ("Name or service not
 * known"). With max 0 it is only told that it will be asked. Programs with tasks set one that does not
 * block; else it is getaddrinfo(3). */
typedef size_t server_resolver(const char *host, struct net_addr *addresses, size_t max, const char **why);
void server_set_resolver(server_resolver *resolver);

#endif
