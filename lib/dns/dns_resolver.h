/* dns_resolver.h: questions on their way to the name servers, by c-ares.
 */
#ifndef DNS_DNS_RESOLVER_H
#define DNS_DNS_RESOLVER_H

#include <stdbool.h>
#include <stddef.h>

#include "base/clock.h"

/* The reply as it came, good during the call; NULL: none, and why. Runs from the loop, from
 * dns_resolver_turn(), or from within dns_resolver_ask(). */
typedef void dns_resolver_done(void *arg, const unsigned char *reply, size_t n, const char *why);

enum dns_resolver_search { DNS_SEARCH_NONE, DNS_SEARCH_ONE_LABEL, DNS_SEARCH_ALL };

struct dns_resolver_question {
    const char *name;
    int type_number;
    bool is_secure;                    /* set the AD bit in the question */
    enum dns_resolver_search search;   /* res_defnames, res_dnsrch: try the domains of resolv.conf */
};

void dns_resolver_open(void);
void dns_resolver_ask(const struct dns_resolver_question *q, dns_resolver_done *done, void *arg);

/* Without tasks: wait for the network once and handle what came. */
void dns_resolver_turn(void);

#endif
