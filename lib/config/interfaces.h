/* interfaces.h: the addresses that are ours, and the networks that they are in.
 *
 * inet_interfaces names addresses of this machine, proxy_interfaces those of a proxy or translator
 * in front of it. Host names in them are resolved with getaddrinfo(3), which may block: programs ask
 * before they serve.
 */
#ifndef CONFIG_INTERFACES_H
#define CONFIG_INTERFACES_H

#include <stdbool.h>
#include <stddef.h>

#include "base/net.h"
#include "base/str.h"

struct interface {
    struct net_addr addr; /* port 0 */
    int prefix_len;       /* of the network it is in */
};

struct interfaces {
    struct interface *list; /* IPv4 first, each address once */
    size_t count;
};

enum { INTERFACES_IPV4 = 1 << 0, INTERFACES_IPV6 = 1 << 1 };

/* conf.inet_interfaces and conf.proxy_interfaces, found once; wrong values are fatal. */
const struct interfaces *interfaces_own(void);
const struct interfaces *interfaces_proxy(void);
bool interfaces_has(const struct interfaces *i, const struct net_addr *addr);

/* inet_protocols as a set of INTERFACES_IPV4 and INTERFACES_IPV6; 0 and why: unknown word. */
int interfaces_protocols(const char *inet_protocols, struct str *why);

/* Other values than those of conf. False: why. */
bool interfaces_find(struct interfaces *i, const char *inet_interfaces, const char *inet_protocols, struct str *why);
/* mynetworks for a mynetworks_style of host, subnet or class, appended. */
bool interfaces_networks(const struct interfaces *i, const char *style, struct str *networks, struct str *why);
void interfaces_done(struct interfaces *i);

#endif
