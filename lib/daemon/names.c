#include "daemon/names.h"

#include "dns/dns.h"
#include "table/server.h"

static size_t find(const char *host, struct net_addr *addresses, size_t max, const char **why)
{
    struct arena a = {0};
    struct dns_answer answer;
    size_t count = 0;

    if (max == 0) { /* a table was opened: before chroot(2), where /etc/resolv.conf is to be seen */
        dns_open();
        return 0;
    }
    if (dns_addr(&a, host, DNS_HOSTS, &answer) == DNS_FOUND)
        for (; count < answer.count && count < max; count++)
            addresses[count] = answer.records[count].addr;
    if (count == 0)
        *why = answer.result == DNS_RETRY ? "Temporary failure in name resolution" : "Name or service not known";
    arena_done(&a);
    return count;
}

void names_by_dns(void)
{
    server_set_resolver(find);
}
