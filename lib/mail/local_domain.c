#include "mail/local_domain.h"

#include <string.h>
#include <strings.h>

#include "config/config.h"
#include "config/interfaces.h"

static struct match_list *mydestination;

void local_domain_open(void)
{
    match_list_close(mydestination);
    mydestination = match_list_open("mydestination", conf.mydestination, MATCH_STRINGS);
    interfaces_own();
    interfaces_proxy();
}

bool local_domain_parse_literal(const char *domain, struct net_addr *addr)
{
    char text[NET_HOST_LEN];
    size_t n = strlen(domain);
    bool is_ipv6 = strncasecmp(domain, "[ipv6:", 6) == 0;
    size_t start = is_ipv6 ? 6 : 1;

    if (n < start + 2 || domain[0] != '[' || domain[n - 1] != ']' || n - start > sizeof(text))
        return false;
    memcpy(text, domain + start, n - start - 1);
    text[n - start - 1] = 0;
    return is_ipv6 == (strchr(text, ':') != NULL) && net_parse(addr, text, 0);
}

static bool is_own_literal(const char *domain)
{
    struct net_addr addr;

    return local_domain_parse_literal(domain, &addr) &&
        (interfaces_has(interfaces_own(), &addr) || interfaces_has(interfaces_proxy(), &addr));
}

enum match_result local_domain_find(const char *domain)
{
    enum match_result result = match_list_find(mydestination, domain);

    return result == MATCH_NO && is_own_literal(domain) ? MATCH_YES : result;
}

enum match_result local_domain_for_lookup(void *context, const char *domain)
{
    (void) context;
    return strcasecmp(domain, conf.myorigin) == 0 ? MATCH_YES : local_domain_find(domain);
}
