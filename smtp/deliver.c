/* deliver.c: one request: its destinations, their servers, one after the other until no recipient
 * is left.
 */
#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/task.h"
#include "base/words.h"
#include "config/config.h"
#include "daemon/agent.h"
#include "daemon/daemon.h"
#include "mail/delivery_pass.h"
#include "smtp/follow.h"
#include "smtp/hello.h"
#include "smtp/notify.h"
#include "smtp/pool.h"
#include "smtp/route.h"
#include "smtp/transaction.h"
#include "smtp/trouble.h"

bool smtp_is_lmtp(void)
{
    static int answer = -1; /* the name of a process does not change */

    if (answer < 0)
        answer = strcmp(daemon_program_name(), "lmtp") == 0;
    return answer;
}

/* Is there nothing more to do, or nobody to do it for? */
static bool is_over(const struct attempt *a)
{
    return a->left == 0 || a->is_withdrawn || task_is_cancelled();
}

/* --- one session --- */

static void begin_session(struct attempt *a, struct session *s)
{
    a->relay = s->relay;
    a->extra[0] = 0;
    a->d->finished = (struct timeval){0};
    if (conf.smtp_log_tls_feature_status)
        a->d->tls = "none?";
}

static void note_connected(struct attempt *a, struct session *s)
{
    a->d->connected = clock_wall();
    if (++s->use_count > 1)
        snprintf(a->extra, sizeof(a->extra), ", conn_use=%u", s->use_count);
    if (conf.smtp_log_tls_feature_status)
        a->d->tls = "none";
}

/* After a session: what it left undone is for the next one. */
static void end_session(struct attempt *a)
{
    for (size_t i = 0; i < a->d->recipient_count; i++)
        if (a->progress[i] != PROGRESS_FINISHED)
            a->progress[i] = PROGRESS_LEFT;
}

/* A message over an open session, which then goes to the next one, rests, or is no more. False: it
 * was stale. */
static bool use_session(struct attempt *a, struct session *s, bool is_announced)
{
    enum transaction_result result = TRANSACTION_BROKEN;

    note_connected(a, s);
    if (smtp_hello_xforward(a, s))
        result = smtp_transaction(a, s, is_announced);
    smtp_notify_end(a, s);
    if (result != TRANSACTION_DONE || a->is_withdrawn || task_is_cancelled()) {
        smtp_follow_abandon(s);
        smtp_pool_drop(s);
    } else if (!smtp_follow_hand_over(s))
        smtp_pool_put(s);
    a->relay = "none";
    if (result != TRANSACTION_STALE)
        end_session(a);
    return result != TRANSACTION_STALE;
}

/* A session that rests is as good as a new one, if it is alive. */
static bool reuse_site(struct attempt *a, char **address_key)
{
    struct session *s;
    bool is_announced;

    while ((s = smtp_follow(a, &is_announced)) != NULL || (s = smtp_pool_get_site(a->site)) != NULL) {
        begin_session(a, s);
        a->is_final_server = a->is_final_site && s->is_only_server;
        char *key = arena_strdup(a->memory, s->address_key);
        if (use_session(a, s, is_announced)) {
            *address_key = key;
            return true;
        }
    }
    return false;
}

static bool reuse_address(struct attempt *a, const struct server *server)
{
    struct session *s;

    while ((s = smtp_pool_get_address(&server->addr, a->site)) != NULL) {
        begin_session(a, s);
        if (use_session(a, s, false))
            return true;
    }
    return false;
}

/* --- one destination --- */

/* Has the server already been tried, by way of a session at rest? */
static bool is_tried(const struct server *server, const char *address_key)
{
    char host[NET_HOST_LEN], key[NET_HOST_LEN + 8];

    if (address_key == NULL)
        return false;
    snprintf(key, sizeof(key), "%s:%d", net_host(&server->addr, host), net_port(&server->addr));
    return strcmp(key, address_key) == 0;
}

static void leave_out(struct route *r, const char *address_key)
{
    size_t kept = 0;

    for (size_t i = 0; i < r->count; i++)
        if (!is_tried(&r->servers[i], address_key))
            r->servers[kept++] = r->servers[i];
    r->count = kept;
}

/* Where TLS and SASL will come in, between smtp_hello() and the return. */
static struct session *open_session(struct attempt *a, const struct server *server, const struct route *route)
{
    if (conf.smtp_log_tls_feature_status)
        a->d->tls = "none?";
    struct session *s = smtp_session_connect(a, server->host, &server->addr);

    if (s == NULL) {
        log_info("%s", a->why.reason);
        return NULL;
    }
    smtp_pool_add(s, a->site);
    begin_session(a, s);
    if (server->preference == route->best_preference)
        s->features |= FEATURE_BEST_MX;
    s->is_only_server = route->count == 1;
    if (smtp_hello(a, s))
        return s;
    smtp_session_quit(s);
    smtp_notify_end(a, s);
    smtp_follow_abandon(s);
    smtp_pool_drop(s);
    a->relay = "none";
    end_session(a);
    return NULL;
}

static void try_servers(struct attempt *a, const struct route *route)
{
    size_t sessions = 0, limit = (size_t) conf.smtp_mx_address_limit;
    size_t last = limit > 0 && limit < route->count ? limit : route->count;

    for (size_t i = 0; i < last && !is_over(a); i++) {
        const struct server *server = &route->servers[i];
        bool is_last_session = conf.smtp_mx_session_limit > 0 && sessions + 1 == (size_t) conf.smtp_mx_session_limit;
        /* A server that does not get past its greeting leaves the session for another. */
        a->is_final_server = a->is_final_site && i + 1 == last;
        if (reuse_address(a, server))
            continue;
        struct session *s = open_session(a, server, route);
        if (s == NULL)
            continue;
        sessions++;
        a->is_final_server = a->is_final_site && (i + 1 == last || is_last_session);
        use_session(a, s, false);
        if (is_last_session)
            return;
    }
}

static bool find_route(struct attempt *a, const struct destination *to, struct route *route)
{
    struct server *server;

    if (!to->is_unix)
        return smtp_route_find(a, to, route);
    server = arena_new(a->memory, struct server);
    server->host = conf.myhostname;
    if (!net_unix(&server->addr, to->host)) {
        smtp_trouble_set(a, "5.3.5", "unix-domain name too long: %s", to->host);
        return false;
    }
    *route = (struct route){.servers = server, .count = 1};
    return true;
}

/* False: try no other destination. */
static bool try_site(struct attempt *a)
{
    struct destination to;
    struct route route;
    char *tried = NULL;
    const char *why;

    if (reuse_site(a, &tried) && is_over(a))
        return true;
    if (!smtp_destination_parse(a->memory, a->site, &to, &why)) {
        log_warn("%s in server description: %s", why, a->site);
        smtp_trouble_set(a, "4.3.5", "mail system configuration error");
        return true;
    }
    if (!find_route(a, &to, &route)) {
        a->is_final_server = a->is_final_server || strcmp(a->why.status, "5.4.6") == 0;
        return strcmp(a->why.status, "5.4.6") != 0; /* a loop: to pass it on would make it worse */
    }
    leave_out(&route, tried);
    a->is_final_site = a->is_final_site || route.are_we_mx;
    try_servers(a, &route);
    return !route.are_we_mx;
}

/* --- all destinations --- */

/* best_mx_transport: we are the best mail exchanger, so someone here should take the message. */
static void pass_to(struct attempt *a, const char *transport)
{
    struct delivery *d = a->d;

    if (!delivery_pass(a->memory, transport, d))
        return;
    for (size_t i = 0; i < d->recipient_count; i++)
        a->progress[i] = PROGRESS_FINISHED;
    a->left = 0;
}

/* Failures that look like a mistake in main.cf are for the postmaster to mend, not for the sender. */
static void forgive_configuration(struct attempt *a, bool was_fallback)
{
    const char *parameter = was_fallback ? (smtp_is_lmtp() ? "lmtp_fallback_relay" : "smtp_fallback_relay")
                            : strcmp(a->site, conf.relayhost) == 0 ? "relayhost"
                                                                   : NULL;

    if (parameter != NULL) {
        log_warn("%s configuration problem", parameter);
        a->why.status = "4.3.5";
    } else if (strcmp(a->why.status, "5.4.6") == 0 && *conf.best_mx_transport != 0)
        pass_to(a, conf.best_mx_transport);
}

static void settle_rest(struct attempt *a, bool was_fallback)
{
    if (*a->why.status == 0)
        smtp_trouble_set(a, "4.3.0", "server unavailable or unable to receive mail");
    else if (*a->why.status == '5')
        forgive_configuration(a, was_fallback);
    a->is_final_server = true;
    a->relay = "none";
    a->extra[0] = 0;
    if (a->left > 0)
        smtp_trouble_all(a, TROUBLE_HOP);
}

static void try_sites(struct attempt *a)
{
    struct vec sites = {0};
    bool goes_on = true;
    size_t i;

    words_split(a->memory, a->d->nexthop, WORDS_LIST, &sites);
    size_t own = sites.count;
    words_split(a->memory, conf.smtp_fallback_relay, WORDS_LIST, &sites);
    for (i = 0; i < sites.count && goes_on && !is_over(a); i++) {
        a->site = sites.items[i];
        a->is_final_site = i + 1 == sites.count;
        goes_on = try_site(a);
    }
    if (!is_over(a))
        settle_rest(a, i > own && own > 0);
    vec_done(&sites, NULL);
}

void smtp_deliver(struct delivery *d)
{
    struct attempt a = {
        .d = d,
        .memory = agent_memory(d),
        .left = d->recipient_count,
        .why = {"", "", "", "", "", "", ""},
        .relay = "none",
        .site = "",
    };

    a.progress = arena_zalloc(a.memory, d->recipient_count * sizeof(*a.progress));
    if (!delivery_open(d, &a.message))
        return;
    try_sites(&a);
    message_close(&a.message);
}
