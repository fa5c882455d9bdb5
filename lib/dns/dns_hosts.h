/* dns_hosts.h: /etc/hosts (hosts(5)), kept in memory and read again when it changes.
 */
#ifndef DNS_DNS_HOSTS_H
#define DNS_DNS_HOSTS_H

#include <stddef.h>

#include "base/net.h"

struct dns_host {
    struct net_addr addr;
    const char *name;      /* in lower case */
    bool is_canonical;     /* the first name of its line */
};

/* The entries of a name, or the canonical names of an address, one after the other: start with
 * NULL; NULL after the last. Good until the next search that starts. */
const struct dns_host *dns_hosts_by_name(const char *name, const struct dns_host *after);
const struct dns_host *dns_hosts_by_addr(const struct net_addr *addr, const struct dns_host *after);

void dns_hosts_parse(char *text);            /* replaces all entries; cuts the text up */
void dns_hosts_use(const char *path);        /* tests: another file */

#endif
