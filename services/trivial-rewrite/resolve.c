#include "services/trivial-rewrite/resolve.h"

#include <ctype.h>

#include "base/log.h"
#include "base/net.h"
#include "config/config.h"
#include "config/interfaces.h"
#include "mail/addr_find.h"
#include "mail/address.h"
#include "mail/match.h"
#include "mail/quote.h"
#include "services/trivial-rewrite/rewrite.h"
#include "table/table.h"

static struct match_list *mydestination, *virtual_alias_domains, *virtual_mailbox_domains, *relay_domains;
static struct table_list *transport_maps, *relocated_maps, *sender_relayhost_maps, *sender_transport_maps; /* NULL: none */

static struct table_list *open_list(const char *value)
{
    return *value == 0 ? NULL : table_list_open(value, TABLE_FOLD | (conf.smtputf8_enable ? TABLE_UTF8 : 0));
}

void resolve_open_tables(void)
{
    mydestination = match_list_open("mydestination", conf.mydestination, MATCH_STRINGS);
    virtual_alias_domains = match_list_open("virtual_alias_domains", conf.virtual_alias_domains, MATCH_STRINGS);
    virtual_mailbox_domains = match_list_open("virtual_mailbox_domains", conf.virtual_mailbox_domains, MATCH_STRINGS);
    relay_domains = match_list_open("relay_domains", conf.relay_domains, MATCH_DOMAINS);
    interfaces_own();
    interfaces_proxy();
    transport_maps = open_list(conf.transport_maps);
    relocated_maps = open_list(conf.relocated_maps);
    sender_relayhost_maps = open_list(conf.sender_dependent_relayhost_maps);
    sender_transport_maps = open_list(conf.sender_dependent_default_transport_maps);
}

/* --- tables --- */

static enum table_result find_sender(struct table_list *maps, const char *sender, struct str *value)
{
    const struct addr_find f = {
        .tables = maps, .steps = ADDR_FIND_FULL | ADDR_FIND_NO_EXTENSION | ADDR_FIND_AT_DOMAIN,
        .delimiters = conf.recipient_delimiter, .double_bounce = conf.double_bounce_sender,
    };

    return addr_find(&f, sender, value, NULL);
}

static enum match_result is_local_for_lookup(void *context, const char *domain)
{
    (void) context;
    return strcasecmp(domain, conf.myorigin) == 0 ? MATCH_YES : match_list_find(mydestination, domain);
}

static enum table_result find_relocated(const char *address, struct str *value)
{
    const struct addr_find f = {
        .tables = relocated_maps, .steps = ADDR_FIND_ADDRESS, .delimiters = conf.recipient_delimiter,
        .double_bounce = conf.double_bounce_sender, .is_local = is_local_for_lookup,
    };

    return addr_find(&f, address, value, NULL);
}

/* transport(5): the address, the domain, its parents, and last the "*" for everything. */
static enum table_result find_transport(const char *address, struct str *value)
{
    const struct addr_find f = {
        .tables = transport_maps, .delimiters = conf.recipient_delimiter, .double_bounce = conf.double_bounce_sender,
        .steps = ADDR_FIND_TRANSPORT | (match_parent("transport_maps") ? ADDR_FIND_PARENTS : ADDR_FIND_DOT_PARENTS),
    };
    enum table_result result = TABLE_ABSENT;

    if (*address != 0)
        result = addr_find(&f, address, value, NULL);
    for (size_t i = 0; result == TABLE_ABSENT && i < table_list_count(transport_maps); i++) {
        struct table *t = table_list_at(transport_maps, i);
        if (!table_is_pattern(t)) /* a pattern that matches "*" was not meant so */
            result = table_find(t, "*", value);
    }
    return result;
}

/* --- which class a domain is in --- */

struct question {
    struct arena *arena;
    const char *sender, *address, *domain; /* address in internal form, domain in lower case */
    struct resolved *result;
    const char *transport, *nexthop;
    bool is_uncertain;                     /* a table did not answer */
};

static bool is_in(struct question *q, struct match_list *list, const char *domain)
{
    switch (match_list_find(list, domain)) {
    case MATCH_YES:
        return true;
    case MATCH_NO:
        return false;
    case MATCH_ERROR:
        break;
    }
    q->is_uncertain = true;
    return false;
}

/* [192.0.2.1] or [IPv6:2001:db8::1] of our own. */
static bool is_own_literal(const char *domain)
{
    char address[NET_HOST_LEN];
    struct net_addr literal;
    size_t n = strlen(domain);

    if (n < 3 || domain[0] != '[' || domain[n - 1] != ']')
        return false;
    const char *start = domain + 1;
    if (strncasecmp(start, "ipv6:", 5) == 0)
        start += 5;
    n = strlen(start) - 1;
    if (n >= sizeof(address))
        return false;
    memcpy(address, start, n);
    address[n] = 0;
    return net_parse(&literal, address, 0) &&
        (interfaces_has(interfaces_own(), &literal) || interfaces_has(interfaces_proxy(), &literal));
}

static bool is_local_domain(struct question *q, const char *domain)
{
    return is_in(q, mydestination, domain) || is_own_literal(domain);
}

static char *lower(struct arena *a, const char *text)
{
    char *copy = arena_strdup(a, text);

    for (char *p = copy; *p != 0; p++)
        *p = (char) tolower((unsigned char) *p);
    return copy;
}

/* user@remote@local, user%remote@local, remote!user@local: the sender has chosen a route through us
 * (unless the local part was quoted, and resolve_dequoted_address is off). What is left is rewritten,
 * and looked at again. */
static void strip_local_domains(struct question *q)
{
    const struct rewrite_context context = {.origin = conf.myorigin, .dot_domain = conf.append_dot_mydomain ? conf.mydomain : ""};
    struct str rest = {0}, rewritten = {0};
    enum { MAX_ROUTE = 100 };

    for (int hops = 0; hops < MAX_ROUTE && q->domain != NULL && is_local_domain(q, q->domain); hops++) {
        size_t n = address_local_len(q->address);
        str_cut(&rest, 0);
        str_add(&rest, q->address, n);
        if (n == 0 || strpbrk(str_text(&rest), "@%!") == NULL || !conf.resolve_dequoted_address)
            break;
        if (strchr(str_text(&rest), '@') == NULL && !(conf.allow_percent_hack && strchr(str_text(&rest), '%')) &&
            !(conf.swap_bangpath && strchr(str_text(&rest), '!')))
            break;
        rewrite_apply(&context, str_text(&rest), &rewritten);
        q->address = arena_strdup(q->arena, str_text(&rewritten));
        const char *domain = address_domain(q->address);
        q->domain = domain == NULL ? NULL : lower(q->arena, domain);
        q->result->flags |= RESOLVE_ROUTED;
    }
    str_done(&rest);
    str_done(&rewritten);
}

/* --- transport:nexthop --- */

/* Either half may be missing, and leaves what was there. */
static void take_transport(struct question *q, const char *value, const char *default_nexthop)
{
    const char *colon = strchr(value, ':');
    size_t n = colon == NULL ? strlen(value) : (size_t) (colon - value);
    const char *nexthop = colon == NULL ? "" : colon + 1;

    if (n > 0)
        q->transport = arena_strndup(q->arena, value, n);
    q->nexthop = *nexthop != 0 ? arena_strdup(q->arena, nexthop) : default_nexthop;
}

/* A table by sender: by address, then by @domain; the null sender has a key of its own. */
static bool find_by_sender(struct question *q, struct table_list *maps, const char *null_key, struct str *value)
{
    if (maps == NULL)
        return false;
    enum table_result result = *q->sender == 0 ? table_list_find(maps, null_key, value)
                                               : find_sender(maps, q->sender, value);
    if (result == TABLE_ERROR)
        q->is_uncertain = true;
    return result == TABLE_FOUND;
}

static const char *relayhost(struct question *q)
{
    struct str value = {0};
    const char *host = conf.relayhost;

    if (find_by_sender(q, sender_relayhost_maps, conf.empty_address_relayhost_maps_lookup_key, &value) &&
        strcasecmp(str_text(&value), "DUNNO") != 0)
        host = arena_strdup(q->arena, str_text(&value));
    str_done(&value);
    return *host == 0 ? NULL : host;
}

static void route_elsewhere(struct question *q, const char *transport)
{
    const char *host = relayhost(q);

    take_transport(q, transport, host != NULL ? host : q->domain);
}

static void route_default(struct question *q)
{
    struct str value = {0};

    q->result->flags |= RESOLVE_CLASS_DEFAULT;
    if (find_by_sender(q, sender_transport_maps, conf.empty_address_default_transport_maps_lookup_key, &value) &&
        strcasecmp(str_text(&value), "DUNNO") != 0)
        route_elsewhere(q, str_text(&value));
    else
        route_elsewhere(q, conf.default_transport);
    str_done(&value);
}

static void route_local(struct question *q)
{
    q->result->flags |= RESOLVE_CLASS_LOCAL | RESOLVE_FINAL;
    take_transport(q, conf.local_transport, conf.myhostname);
}

static void warn_twice(const char *domain, const char *one, const char *other)
{
    log_warn("do not list domain %s in BOTH %s and %s", domain, one, other);
}

static void route_by_class(struct question *q)
{
    if (q->domain == NULL || is_local_domain(q, q->domain)) {
        if (q->domain != NULL && is_in(q, virtual_alias_domains, q->domain))
            warn_twice(q->domain, "mydestination", "virtual_alias_domains");
        if (q->domain != NULL && is_in(q, virtual_mailbox_domains, q->domain))
            warn_twice(q->domain, "mydestination", "virtual_mailbox_domains");
        route_local(q);
    } else if (is_in(q, virtual_alias_domains, q->domain)) {
        q->result->flags |= RESOLVE_CLASS_ALIAS;
        q->transport = conf.error_service_name;
        q->nexthop = conf.show_user_unknown_table_name ? "5.1.1 User unknown in virtual alias table" : "5.1.1 User unknown";
    } else if (is_in(q, virtual_mailbox_domains, q->domain)) {
        q->result->flags |= RESOLVE_CLASS_VIRTUAL;
        take_transport(q, conf.virtual_transport, q->domain);
    } else if (is_in(q, relay_domains, q->domain)) {
        q->result->flags |= RESOLVE_CLASS_RELAY;
        route_elsewhere(q, conf.relay_transport);
    } else
        route_default(q);
}

/* transport(5) has the last word, but for virtual aliases that do not exist. */
static void apply_transport_maps(struct question *q)
{
    struct str value = {0};

    if (transport_maps == NULL || (q->result->flags & RESOLVE_CLASS_ALIAS) != 0)
        return;
    enum table_result result = find_transport(q->address, &value);
    if (result == TABLE_ERROR)
        q->is_uncertain = true;
    if (result == TABLE_FOUND && strcmp(str_text(&value), ":") != 0 && value.len > 0) {
        const char *text = str_text(&value);
        take_transport(q, text, *text == ':' || q->domain == NULL ? q->nexthop : q->domain);
    }
    str_done(&value);
}

static void apply_relocated_maps(struct question *q)
{
    struct str value = {0};

    if (relocated_maps == NULL)
        return;
    enum table_result result = find_relocated(q->address, &value);
    if (result == TABLE_ERROR)
        q->is_uncertain = true;
    if (result == TABLE_FOUND) {
        q->transport = conf.error_service_name;
        q->nexthop = conf.relocated_prefix_enable
            ? arena_printf(q->arena, "5.1.6 User has moved to %s", str_text(&value))
            : arena_strdup(q->arena, str_text(&value));
    }
    str_done(&value);
}

/* RFC 1035 and 5321 names, and literals; what the DNS could never have is not asked for. */
static bool is_good_domain(const char *domain)
{
    size_t n = strlen(domain), label = 0;

    if (domain[0] == '[')
        return n > 2 && domain[n - 1] == ']';
    for (const char *p = domain; *p != 0; p++) {
        if (*p == '.') {
            if (label == 0)
                return false;
            label = 0;
        } else if (isalnum((unsigned char) *p) || *p == '-' || *p == '_' || (*p & 0x80) != 0)
            label++;
        else
            return false;
        if (label > 63)
            return false;
    }
    return n > 0 && n < 256 && domain[0] != '-' && domain[n - 1] != '-' && label > 0;
}

static bool has_no_special_tables(void)
{
    return transport_maps == NULL && relocated_maps == NULL && sender_relayhost_maps == NULL && sender_transport_maps == NULL;
}

void resolve_apply(struct arena *a, const char *sender, const char *address, struct resolved *result, bool *is_for_domain)
{
    struct question q = {.arena = a, .sender = sender, .address = address, .result = result};

    *result = (struct resolved){.transport = "", .nexthop = "", .recipient = address};
    const char *domain = address_domain(address);
    if (domain != NULL && *domain == 0 && !conf.resolve_null_domain)
        domain = NULL;
    q.domain = domain == NULL ? NULL : lower(a, domain);
    strip_local_domains(&q);
    if (*q.address == 0 || (q.domain != NULL && !is_good_domain(q.domain)))
        result->flags |= RESOLVE_ERROR;
    if (q.domain == NULL && *q.address != 0)
        q.address = arena_printf(a, "%.*s@%s", (int) address_local_len(q.address), q.address, conf.myhostname);
    route_by_class(&q);
    apply_transport_maps(&q);
    apply_relocated_maps(&q);
    if (q.is_uncertain)
        result->flags |= RESOLVE_FAIL;
    result->transport = q.transport == NULL ? "" : q.transport;
    result->nexthop = q.nexthop == NULL ? "" : q.nexthop;
    result->recipient = q.address;
    *is_for_domain = has_no_special_tables() && domain != NULL && result->flags != 0 &&
        (result->flags & (RESOLVE_ERROR | RESOLVE_FAIL | RESOLVE_ROUTED | RESOLVE_CLASS_ALIAS)) == 0;
}
