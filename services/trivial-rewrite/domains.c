#include "services/trivial-rewrite/domains.h"

#include <ctype.h>

#include "base/log.h"
#include "base/idna.h"
#include "base/utf8.h"
#include "config/config.h"
#include "mail/local_domain.h"
#include "mail/match.h"

static const struct {
    const char *parameter;
    enum match_kind kind;
} parameters[DOMAIN_OTHER] = {
    [DOMAIN_LOCAL] = {"mydestination", MATCH_STRINGS}, /* lib/mail/local_domain.h has that list */
    [DOMAIN_ALIAS] = {"virtual_alias_domains", MATCH_STRINGS},
    [DOMAIN_VIRTUAL] = {"virtual_mailbox_domains", MATCH_STRINGS},
    [DOMAIN_RELAY] = {"relay_domains", MATCH_DOMAINS},
};
static struct match_list *lists[DOMAIN_OTHER];

void rewrite_domains_open(void)
{
    const char *const values[DOMAIN_OTHER] = {
        [DOMAIN_ALIAS] = conf.virtual_alias_domains,
        [DOMAIN_VIRTUAL] = conf.virtual_mailbox_domains,
        [DOMAIN_RELAY] = conf.relay_domains,
    };

    local_domain_open();
    for (int i = DOMAIN_ALIAS; i < DOMAIN_OTHER; i++) {
        match_list_close(lists[i]);
        lists[i] = match_list_open(parameters[i].parameter, values[i], parameters[i].kind);
    }
}

/* A mistake in main.cf that is easily made, and makes mail go elsewhere than expected. */
static void warn_of_later(const char *domain, enum domain_class class)
{
    for (enum domain_class later = class + 1; later <= DOMAIN_VIRTUAL; later++)
        if (match_list_find(lists[later], domain) == MATCH_YES)
            log_warn("do not list domain %s in BOTH %s and %s", domain, parameters[class].parameter,
                parameters[later].parameter);
    if (class == DOMAIN_ALIAS || class == DOMAIN_VIRTUAL)
        if (match_list_find(lists[DOMAIN_RELAY], domain) == MATCH_YES)
            log_warn("do not list domain %s in BOTH %s and %s", domain, parameters[class].parameter,
                parameters[DOMAIN_RELAY].parameter);
}

void rewrite_domains_warn_of_local(const char *domain)
{
    warn_of_later(domain, DOMAIN_LOCAL);
}

enum domain_class rewrite_domains_class(const char *domain)
{
    for (enum domain_class class = DOMAIN_ALIAS; class < DOMAIN_OTHER; class++)
        switch (match_list_find(lists[class], domain)) {
        case MATCH_YES:
            warn_of_later(domain, class);
            return class;
        case MATCH_ERROR:
            log_warn("%s lookup failure", parameters[class].parameter);
            return DOMAIN_UNKNOWN;
        case MATCH_NO:
            break;
        }
    return DOMAIN_OTHER;
}

/* Letters, digits, '-' and '_' in labels of RFC 1035 2.3.4 length, and not all of it a number. */
static bool is_good_name(const char *domain)
{
    bool is_numeric = true;
    size_t n = strlen(domain), label = 0;

    for (const char *p = domain; *p != 0; p++) {
        if (*p == '.') {
            if (label == 0)
                return false;
            label = 0;
            continue;
        }
        bool is_hyphen = *p == '-', is_edge = label == 0 || p[1] == '.' || p[1] == 0;
        if (is_hyphen ? is_edge : *p != '_' && !isalnum((unsigned char) *p))
            return false;
        if (++label > 63)
            return false;
        is_numeric = is_numeric && isdigit((unsigned char) *p);
    }
    return n < 256 && label > 0 && !is_numeric;
}

bool rewrite_domains_is_good(const char *domain)
{
    struct net_addr addr;
    struct str ascii = {0};

    if (domain[0] == '[')
        return local_domain_parse_literal(domain, &addr);
    if (utf8_is_ascii(domain, strlen(domain)))
        return is_good_name(domain);
    bool ok = conf.smtputf8_enable && idna_to_ascii(domain, &ascii) && is_good_name(str_text(&ascii));
    str_done(&ascii);
    return ok;
}
