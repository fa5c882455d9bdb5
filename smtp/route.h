/* route.h: the servers of a destination, in the order in which they are tried (RFC 5321 5).
 */
#ifndef SMTP_ROUTE_H
#define SMTP_ROUTE_H

#include "smtp/attempt.h"
#include "smtp/destination.h"

struct server {
    const char *host;      /* the name that led to the address */
    struct net_addr addr;  /* with its port */
    unsigned preference;
};

struct route {
    struct server *servers;
    size_t count;
    unsigned best_preference; /* of all mail exchangers, with or without an address */
    bool are_we_mx;           /* we are one of them, those that are no better than us are left out */
};

void smtp_route_open(void); /* settings, before the jail */

/* Find the servers; waits for the DNS. False: none, and a->why says so. */
bool smtp_route_find(struct attempt *a, const struct destination *to, struct route *route);

/* --- for the above, and for tests --- */

/* Order: preference, then address family if smtp_address_preference names one; equals at random
 * (random_number gives one below n) unless smtp_randomize_addresses is off. */
void smtp_route_sort(struct route *r, unsigned (*random_number)(unsigned n));

/* smtp_balance_inet_protocols: both families get a place among the first limit servers. */
void smtp_route_balance(struct route *r, size_t limit);

/* Leave out ourselves and what is not better. False: nothing is left. */
bool smtp_route_cut_self(struct route *r, bool (*is_self)(const struct net_addr *addr));

#endif
