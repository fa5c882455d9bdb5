#include "services/trivial-rewrite/resolve.h"

#include "base/log.h"
#include "config/config.h"
#include "mail/addr_find.h"
#include "mail/local_domain.h"
#include "services/trivial-rewrite/domains.h"
#include "services/trivial-rewrite/recipient.h"
#include "table/table.h"

/* A list of tables as a parameter names it. NULL: there are none. */
struct maps {
    struct table_list *tables;
    const char *parameter;
};

/* Where mail goes, and where probes of the verify service go (address_verify_...). */
struct routes {
    struct maps transport, sender_relayhost, sender_transport;
    const char *local_transport, *virtual_transport, *relay_transport, *default_transport, *relayhost;
};

static struct routes for_mail, for_probes;
static struct maps relocated;

static void open_maps(struct maps *m, const char *parameter, const char *value, int flags)
{
    table_list_close(m->tables);
    *m = (struct maps){.parameter = parameter};
    if (*value == 0)
        return;
    m->tables = table_list_open(value, flags | TABLE_FOLD | (conf.smtputf8_enable ? TABLE_UTF8 : 0));
    table_list_set_title(m->tables, parameter);
}

/* A remote client chooses the address, so patterns must not make a transport of its parts. */
#define OPEN_ROUTE_MAPS(maps, parameter) open_maps(&(maps), #parameter, conf.parameter, TABLE_NO_REGSUB)

static void open_for_mail(struct routes *r)
{
    OPEN_ROUTE_MAPS(r->transport, transport_maps);
    OPEN_ROUTE_MAPS(r->sender_relayhost, sender_dependent_relayhost_maps);
    OPEN_ROUTE_MAPS(r->sender_transport, sender_dependent_default_transport_maps);
    r->local_transport = conf.local_transport;
    r->virtual_transport = conf.virtual_transport;
    r->relay_transport = conf.relay_transport;
    r->default_transport = conf.default_transport;
    r->relayhost = conf.relayhost;
}

static void open_for_probes(struct routes *r)
{
    OPEN_ROUTE_MAPS(r->transport, address_verify_transport_maps);
    OPEN_ROUTE_MAPS(r->sender_relayhost, address_verify_sender_dependent_relayhost_maps);
    OPEN_ROUTE_MAPS(r->sender_transport, address_verify_sender_dependent_default_transport_maps);
    r->local_transport = conf.address_verify_local_transport;
    r->virtual_transport = conf.address_verify_virtual_transport;
    r->relay_transport = conf.address_verify_relay_transport;
    r->default_transport = conf.address_verify_default_transport;
    r->relayhost = conf.address_verify_relayhost;
}

void rewrite_resolve_open_tables(void)
{
    rewrite_domains_open();
    open_maps(&relocated, "relocated_maps", conf.relocated_maps, 0);
    open_for_mail(&for_mail);
    open_for_probes(&for_probes);
}

/* --- tables --- */

/* relocated(5), and the tables by sender. */
static enum table_result find_address(struct table_list *maps, const char *address, struct str *value)
{
    const struct addr_find f = {
        .tables = maps, .steps = ADDR_FIND_ADDRESS, .delimiters = conf.recipient_delimiter,
        .double_bounce = conf.double_bounce_sender, .is_local = local_domain_for_lookup,
    };

    return addr_find(&f, address, value, NULL);
}

/* transport(5): the address, the domain, its parents, and last the "*" for everything. */
static enum table_result find_transport(const struct maps *maps, const char *address, struct str *value)
{
    const struct addr_find f = {
        .tables = maps->tables, .delimiters = conf.recipient_delimiter, .double_bounce = conf.double_bounce_sender,
        .steps = ADDR_FIND_TRANSPORT | (match_parent(maps->parameter) ? ADDR_FIND_PARENTS : ADDR_FIND_DOT_PARENTS),
    };
    enum table_result result = addr_find(&f, address, value, NULL);

    return result == TABLE_ABSENT ? table_list_find(maps->tables, "*", value) : result;
}

/* --- a question --- */

struct question {
    struct arena *arena;
    const struct routes *routes;
    const char *sender;
    struct recipient recipient;
    const char *transport, *nexthop;
    int flags;
};

/* A table did not answer: the client is to try again later. */
static void fail(struct question *q, const char *parameter)
{
    if (parameter != NULL)
        log_warn("%s lookup failure", parameter);
    q->flags |= RESOLVE_FAIL;
}

static bool has_failed(const struct question *q)
{
    return (q->flags & RESOLVE_FAIL) != 0;
}

/* transport:nexthop; either half may be missing, and leaves what is given. */
static void take_transport(struct question *q, const char *value, const char *nexthop)
{
    size_t n = strcspn(value, ":");

    if (n > 0)
        q->transport = arena_strndup(q->arena, value, n);
    q->nexthop = value[n] == ':' && value[n + 1] != 0 ? arena_strdup(q->arena, value + n + 1) : nexthop;
}

/* --- where each class goes --- */

/* A table by sender; the null sender has a key of its own, and DUNNO is as good as nothing. */
static bool find_by_sender(struct question *q, const struct maps *maps, const char *null_key, struct str *value)
{
    if (maps->tables == NULL)
        return false;
    switch (find_address(maps->tables, *q->sender == 0 ? null_key : q->sender, value)) {
    case TABLE_FOUND:
        return strcasecmp(str_text(value), "DUNNO") != 0;
    case TABLE_ABSENT:
        return false;
    case TABLE_ERROR:
        fail(q, maps->parameter);
        return false;
    }
    return false;
}

static const char *relayhost(struct question *q)
{
    struct str value = {0};
    const char *host = q->routes->relayhost;

    if (find_by_sender(q, &q->routes->sender_relayhost, conf.empty_address_relayhost_maps_lookup_key, &value))
        host = arena_strdup(q->arena, str_text(&value));
    str_done(&value);
    return host;
}

static void route_elsewhere(struct question *q, const char *transport)
{
    const char *host = relayhost(q);

    take_transport(q, transport, *host != 0 ? host : q->recipient.domain);
}

static void route_local(struct question *q)
{
    q->flags |= RESOLVE_CLASS_LOCAL;
    take_transport(q, q->routes->local_transport, conf.myhostname);
    rewrite_domains_warn_of_local(q->recipient.domain);
}

static void route_alias(struct question *q)
{
    q->flags |= RESOLVE_CLASS_ALIAS;
    q->transport = conf.error_service_name;
    q->nexthop = conf.show_user_unknown_table_name ? "5.1.1 User unknown in virtual alias table" : "5.1.1 User unknown";
}

static void route_virtual(struct question *q)
{
    q->flags |= RESOLVE_CLASS_VIRTUAL;
    take_transport(q, q->routes->virtual_transport, q->recipient.domain);
}

static void route_relay(struct question *q)
{
    q->flags |= RESOLVE_CLASS_RELAY;
    route_elsewhere(q, q->routes->relay_transport);
}

static void route_other(struct question *q)
{
    struct str value = {0};
    const struct maps *maps = &q->routes->sender_transport;
    bool is_found = find_by_sender(q, maps, conf.empty_address_default_transport_maps_lookup_key, &value);

    if (!has_failed(q)) {
        q->flags |= RESOLVE_CLASS_DEFAULT;
        route_elsewhere(q, is_found ? str_text(&value) : q->routes->default_transport);
        if (q->transport == NULL) {
            log_warn("file %s/main.cf: parameter %s: null transport is not allowed", config_dir(),
                maps->parameter);
            fail(q, NULL);
        }
    }
    str_done(&value);
}

static void route_by_class(struct question *q)
{
    switch (q->recipient.is_local ? DOMAIN_LOCAL : rewrite_domains_class(q->recipient.domain)) {
    case DOMAIN_LOCAL:
        route_local(q);
        return;
    case DOMAIN_ALIAS:
        route_alias(q);
        return;
    case DOMAIN_VIRTUAL:
        route_virtual(q);
        return;
    case DOMAIN_RELAY:
        route_relay(q);
        return;
    case DOMAIN_OTHER:
        route_other(q);
        return;
    case DOMAIN_UNKNOWN:
        fail(q, NULL);
        return;
    }
}

/* --- tables that have the last word, but for virtual aliases that do not exist --- */

/* ":" alone changes nothing; ":host" keeps the transport, "transport:" goes to the domain. */
static void take_transport_entry(struct question *q, const char *parameter, const char *value)
{
    const char *domain = q->recipient.domain;

    if (strcmp(value, ":") == 0)
        return;
    if (*value == 0) {
        log_warn("%s should return NO RESULT in case of NOT FOUND", parameter);
        fail(q, NULL);
        return;
    }
    take_transport(q, value, *value == ':' ? q->nexthop : domain);
    if (q->nexthop == domain && (strcmp(q->transport, conf.error_service_name) == 0 ||
                                    strcmp(q->transport, "retry") == 0))
        q->nexthop = "Address is undeliverable";
}

static void apply_transport_maps(struct question *q)
{
    const struct maps *maps = &q->routes->transport;
    struct str value = {0};

    if (maps->tables == NULL || has_failed(q) || (q->flags & RESOLVE_CLASS_ALIAS) != 0)
        return;
    switch (find_transport(maps, q->recipient.address, &value)) {
    case TABLE_FOUND:
        take_transport_entry(q, maps->parameter, str_text(&value));
        break;
    case TABLE_ABSENT:
        break;
    case TABLE_ERROR:
        fail(q, maps->parameter);
        break;
    }
    str_done(&value);
}

static void apply_relocated_maps(struct question *q)
{
    struct str value = {0};

    if (relocated.tables == NULL || has_failed(q) || (q->flags & RESOLVE_CLASS_ALIAS) != 0)
        return;
    switch (find_address(relocated.tables, q->recipient.address, &value)) {
    case TABLE_FOUND:
        q->transport = conf.error_service_name;
        q->nexthop = arena_printf(q->arena, "%s%s", conf.relocated_prefix_enable ? "5.1.6 User has moved to " : "",
            str_text(&value));
        break;
    case TABLE_ABSENT:
        break;
    case TABLE_ERROR:
        fail(q, relocated.parameter);
        break;
    }
    str_done(&value);
}

/* --- the answer --- */

static void decide(struct question *q)
{
    const struct recipient *r = &q->recipient;

    if (!r->is_good_user || !r->is_good_domain)
        q->flags |= RESOLVE_ERROR;
    if (!r->is_good_domain) { /* what the DNS could never have is not looked for */
        q->flags |= RESOLVE_CLASS_DEFAULT;
        q->transport = conf.error_service_name;
        q->nexthop = "5.1.3 Bad address syntax";
        return;
    }
    if (r->is_routed)
        q->flags |= RESOLVE_ROUTED;
    route_by_class(q);
    apply_transport_maps(q);
    apply_relocated_maps(q);
}

/* Does the answer hold for the whole domain? Not where a table is asked by address or sender. */
static bool is_for_all(const struct question *q)
{
    const int single = RESOLVE_ERROR | RESOLVE_FAIL | RESOLVE_ROUTED | RESOLVE_CLASS_ALIAS;

    const struct routes *r = q->routes;

    return r->transport.tables == NULL && relocated.tables == NULL && r->sender_relayhost.tables == NULL &&
        r->sender_transport.tables == NULL && (q->flags & single) == 0;
}

void rewrite_resolve_apply(struct arena *a, bool is_probe, const char *sender, const char *address,
    struct resolved *result, bool *is_for_domain)
{
    struct question q = {.arena = a, .routes = is_probe ? &for_probes : &for_mail, .sender = sender};

    rewrite_recipient_take(a, address, &q.recipient);
    if (q.recipient.is_uncertain)
        fail(&q, NULL);
    else
        decide(&q);
    result->transport = q.transport == NULL ? "" : q.transport;
    result->nexthop = q.nexthop == NULL ? "" : q.nexthop;
    result->recipient = q.recipient.address;
    result->flags = q.flags;
    *is_for_domain = is_for_all(&q);
}
