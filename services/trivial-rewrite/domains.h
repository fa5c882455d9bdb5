/* domains.h: whose domain it is: the address classes, and which names can be domains at all.
 */
#ifndef TRIVIAL_REWRITE_DOMAINS_H
#define TRIVIAL_REWRITE_DOMAINS_H

#include <stdbool.h>

/* In the order in which they are looked for. */
enum domain_class { DOMAIN_LOCAL, DOMAIN_ALIAS, DOMAIN_VIRTUAL, DOMAIN_RELAY, DOMAIN_OTHER, DOMAIN_UNKNOWN };

void rewrite_domains_open(void);

/* The class of a domain that is not local; DOMAIN_UNKNOWN: a table did not answer (logged). Warns of
 * a domain that is in two. */
enum domain_class rewrite_domains_class(const char *domain);
void rewrite_domains_warn_of_local(const char *domain); /* the same for one that is local */

/* Could it be one (RFC 5321 4.1.2, 4.1.3), now or after conversion to ASCII? */
bool rewrite_domains_is_good(const char *domain);

#endif
