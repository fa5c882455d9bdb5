/* local_domain.h: the domains that end at this host: mydestination, and our addresses in brackets.
 */
#ifndef MAIL_LOCAL_DOMAIN_H
#define MAIL_LOCAL_DOMAIN_H

#include "base/net.h"
#include "mail/match.h"

/* Take mydestination apart (again), and find our addresses, which may ask the name service: before
 * anything else here, and before the jail. */
void local_domain_open(void);

/* Is mail for it delivered here? */
enum match_result local_domain_find(const char *domain);

/* The same, or is it $myorigin: may its users be in tables without a domain? For struct addr_find. */
enum match_result local_domain_for_lookup(void *context, const char *domain);

/* [192.0.2.1] or [IPv6:2001:db8::1] (RFC 5321 4.1.3). False: it is not one. */
bool local_domain_parse_literal(const char *domain, struct net_addr *addr);

#endif
