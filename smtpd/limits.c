#include "smtpd/limits.h"

#include "base/log.h"
#include "config/config.h"
#include "mail/postmaster.h"
#include "smtpd/chat.h"

/* Limits are for the network that a client is in. */
static const char *counted_as(struct session *s)
{
    char host[NET_HOST_LEN];
    struct net_addr a = s->real_peer;
    unsigned char *bytes;
    int prefix, bits;

    net_unmap(&a);
    if (a.sa.sa_family == AF_INET6) {
        bytes = a.in6.sin6_addr.s6_addr;
        bits = 128;
        prefix = conf.smtpd_client_ipv6_prefix_length;
    } else {
        bytes = (unsigned char *) &a.in.sin_addr;
        bits = 32;
        prefix = conf.smtpd_client_ipv4_prefix_length;
    }
    if (prefix >= bits)
        return arena_strdup(&s->scratch, net_host(&a, host));
    for (int i = prefix; i < bits; i++)
        bytes[i / 8] &= (unsigned char) ~(0x80 >> i % 8);
    return arena_printf(&s->scratch, "%s/%d", net_host(&a, host), prefix);
}

static bool is_limited(const struct session *s)
{
    bool has_limits = conf.smtpd_client_connection_count_limit > 0 || conf.smtpd_client_connection_rate_limit > 0 ||
        conf.smtpd_client_message_rate_limit > 0 || conf.smtpd_client_recipient_rate_limit > 0;

    return has_limits && !s->is_stand_alone && s->real_peer.len > 0 && s->real_peer.sa.sa_family != AF_UNIX;
}

static bool too_many_connections(struct session *s, const char *what, int n, struct reply *why)
{
    log_warn("%s limit exceeded: %d from %s for service %s", what, n, s->peer.namaddr, s->service);
    *why = smtpd_chat_reply(
        s, 421, "4.7.0", "%s Error: too many connections from %s", conf.myhostname, s->peer.addr);
    return false;
}

bool smtpd_limits_connect(struct session *s, struct reply *why)
{
    int count, rate;

    if (!is_limited(s))
        return true;
    s->is_counted = anvil_connect(s->service, counted_as(s), &count, &rate);
    if (!s->is_counted || s->is_excepted)
        return true;
    if (conf.smtpd_client_connection_count_limit > 0 && count > conf.smtpd_client_connection_count_limit)
        return too_many_connections(s, "Connection concurrency", count, why);
    if (conf.smtpd_client_connection_rate_limit > 0 && rate > conf.smtpd_client_connection_rate_limit)
        return too_many_connections(s, "Connection rate", rate, why);
    return true;
}

void smtpd_limits_disconnect(struct session *s)
{
    if (s->is_counted)
        anvil_disconnect(s->service, counted_as(s));
}

bool smtpd_limits_count(struct session *s, enum anvil_event event, struct reply *why)
{
    bool is_message = event == ANVIL_MESSAGE;
    int limit = is_message ? conf.smtpd_client_message_rate_limit : conf.smtpd_client_recipient_rate_limit;
    int rate;

    if (limit == 0 || s->is_excepted || !is_limited(s))
        return true;
    if (!anvil_count(event, s->service, counted_as(s), &rate) || rate <= limit)
        return true;
    s->error_classes |= NOTIFY_POLICY;
    log_warn("%s rate limit exceeded: %d from %s for service %s",
        is_message ? "Message delivery request" : "Recipient address", rate, s->peer.namaddr, s->service);
    *why = smtpd_chat_reply(
        s, 450, "4.7.1", "Error: too %s from %s", is_message ? "much mail" : "many recipients", s->peer.addr);
    return false;
}
