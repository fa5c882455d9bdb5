/* net_pattern.h: an address or a network, "192.0.2.0/24", "2001:db8::/32", "192.0.2.1".
 */
#ifndef TABLE_NET_PATTERN_H
#define TABLE_NET_PATTERN_H

#include <stdbool.h>
#include <stdint.h>

#include "base/str.h"

enum { NET_PATTERN_BYTES = 16 };

struct net_pattern {
    int family;                              /* AF_INET, AF_INET6 */
    unsigned prefix_len;                     /* bits; 32 or 128 for an address */
    unsigned char bytes[NET_PATTERN_BYTES];  /* 4 or 16 are used */
};

/* The pattern, perhaps in [], "net]/len" included. It is changed in place. False: why. */
bool net_pattern_parse(struct net_pattern *p, char *text, struct str *why);

/* An address without [] and length; the result is a pattern that it alone matches. */
bool net_pattern_parse_address(struct net_pattern *p, const char *text);

bool net_pattern_matches(const struct net_pattern *p, const struct net_pattern *address);

#endif
