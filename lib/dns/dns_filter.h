/* dns_filter.h: records that an operator does not want to see: smtp_dns_reply_filter and its kin.
 */
#ifndef DNS_DNS_FILTER_H
#define DNS_DNS_FILTER_H

#include "dns/dns.h"

void dns_filter_open(const char *tables); /* in place of those before; "": none */

/* Leave out what the tables want ignored; the records that stay lie in the arena. A table that does not answer, or
 * says something else, makes the answer DNS_RETRY. May wait: each asker has its own copy filtered. */
void dns_filter_apply(struct arena *a, struct dns_answer *answer);

#endif
