/* net.h: socket addresses, listening and connecting. Names are resolved elsewhere (lib/dns).
 */
#ifndef BASE_NET_H
#define BASE_NET_H

#include <netinet/in.h>
#include <stdbool.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "base/clock.h"
#include "base/str.h"

/* A socket address of any family that mail uses. */
struct net_addr {
    socklen_t len; /* 0: none */
    union {
        struct sockaddr sa;
        struct sockaddr_in in;
        struct sockaddr_in6 in6;
        struct sockaddr_un un;
    };
};

enum { NET_HOST_LEN = INET6_ADDRSTRLEN + 16 }; /* room for net_host() */

/* "192.0.2.1" or "2001:db8::1" (without brackets; a scope id as %name); an IPv4-mapped address
 * prints as IPv4. False: not an address. */
bool net_parse(struct net_addr *a, const char *text, uint16_t port);
const char *net_host(const struct net_addr *a, char buffer[NET_HOST_LEN]); /* returns buffer; unix: "" */
uint16_t net_port(const struct net_addr *a);                               /* 0 for unix */
bool net_unix(struct net_addr *a, const char *path);                       /* false: path too long */
bool net_same_host(const struct net_addr *a, const struct net_addr *b);    /* family and address, not port */
void net_unmap(struct net_addr *a);                                        /* IPv4-mapped IPv6 becomes IPv4 */

/* From now on TCP sockets are made with buffers of so many bytes, for routers that break window scaling (RFC 7323);
 * 0: as the system has it. */
void net_limit_window(int bytes);

/* A listening socket; -1, why ("bind 0.0.0.0 port 25: Address already in use") and errno. */
int net_listen(const struct net_addr *a, int backlog, struct str *why);

/* Connect within the deadline, from a source address unless that is NULL; waits as io_wait().
 * -1 with errno set (ETIMEDOUT, ECONNREFUSED ...). */
int net_connect(const struct net_addr *a, const struct net_addr *source, msec deadline);
int net_connect_unix(const char *path, msec deadline);

/* Pass a descriptor over a UNIX-domain stream with one byte of data. net_recv_fd: -1 on failure. */
bool net_send_fd(int socket, int fd);
int net_recv_fd(int socket, msec deadline);

#endif
