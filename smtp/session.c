#include "smtp/session.h"

#include <errno.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "config/config.h"
#include "config/interfaces.h"
#include "mail/debug_peer.h"
#include "smtp/notify.h"
#include "smtp/reply_filter.h"
#include "smtp/trouble.h"

/* --- the local end --- */

/* The only address of a family in inet_interfaces: mail of a virtual host leaves from its address. */
static const struct net_addr *only_own_address(int family)
{
    const struct interfaces *own = interfaces_own();
    const struct net_addr *found = NULL;

    if (strcmp(conf.inet_interfaces, "all") == 0)
        return NULL;
    for (size_t i = 0; i < own->count; i++) {
        const struct net_addr *addr = &own->list[i].addr;
        if (addr->sa.sa_family != family)
            continue;
        if (found != NULL)
            return NULL;
        found = addr;
    }
    if (found == NULL)
        return NULL;
    bool is_loopback =
        family == AF_INET ? ntohl(found->in.sin_addr.s_addr) >> 24 == 127 : IN6_IS_ADDR_LOOPBACK(&found->in6.sin6_addr);
    return is_loopback ? NULL : found;
}

/* Our address for a connection to that family; NULL: the kernel chooses. */
static const struct net_addr *local_address(int family, struct net_addr *room)
{
    const char *text = family == AF_INET ? conf.smtp_bind_address : conf.smtp_bind_address6;

    if (family == AF_UNIX)
        return NULL;
    if (*text == 0)
        return only_own_address(family);
    if (net_parse(room, text, 0) && room->sa.sa_family == family)
        return room;
    fatal("bad address in smtp_bind_address%s: %s", family == AF_INET ? "" : "6", text);
}

/* Can it be used at all? Else mail goes out without it, unless smtp_bind_address_enforce. */
static bool is_usable(const struct net_addr *addr)
{
    char host[NET_HOST_LEN];
    int fd = socket(addr->sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC, 0);
    bool ok = fd >= 0 && bind(fd, &addr->sa, addr->len) == 0;

    if (!ok)
        log_warn("smtp_connect_addr: bind %s: %m", net_host(addr, host));
    if (fd >= 0)
        close(fd);
    return ok;
}

/* --- connecting --- */

static void name_session(struct session *s, const char *host, const struct net_addr *addr)
{
    char text[NET_HOST_LEN];

    s->host = mem_strdup(host);
    if (addr->sa.sa_family == AF_UNIX) {
        s->peer = mem_printf("%s[%s]", host, addr->un.sun_path);
        s->relay = mem_strdup(s->peer);
        s->address_key = mem_strdup(addr->un.sun_path);
        s->verbosity = log_verbose;
        return;
    }
    net_host(addr, text);
    s->verbosity = debug_peer_verbosity(host, text);
    s->peer = mem_printf("%s[%s]", host, text);
    s->relay = mem_printf("%s[%s]:%d", host, text, net_port(addr));
    s->address_key = mem_printf("%s:%d", text, net_port(addr));
}

struct session *smtp_session_connect(struct attempt *a, const char *host, const struct net_addr *addr)
{
    struct session *s = mem_zalloc(sizeof(*s));
    struct net_addr room;
    msec deadline = conf.smtp_connect_timeout == 0 ? NEVER : clock_after((msec) conf.smtp_connect_timeout * 1000);
    const struct net_addr *local = local_address(addr->sa.sa_family, &room);
    int on = 1;

    s->stream.fd = -1;
    list_init(&s->followers);
    list_init(&s->by_site);
    list_init(&s->by_address);
    list_init(&s->by_age);
    s->reply.filter = smtp_reply_filter_line;
    s->reply.context = s;
    name_session(s, host, addr);
    int fd = net_connect(addr, local, deadline);
    if (fd < 0 && local != NULL && errno == EADDRNOTAVAIL && !is_usable(local)) {
        if (conf.smtp_bind_address_enforce) {
            smtp_trouble_set(a, "4.4.0", "server unavailable: %s: cannot bind to the configured address", s->relay);
            smtp_session_free(s);
            return NULL;
        }
        fd = net_connect(addr, NULL, deadline);
    }
    if (fd < 0) {
        smtp_trouble_set(a, "4.4.1", "connect to %s: %s", s->relay, strerror(errno));
        smtp_session_free(s);
        return NULL;
    }
    if (addr->sa.sa_family != AF_UNIX)
        setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
    stream_init(&s->stream, fd, NEVER);
    s->reusable_until = clock_after((msec) conf.smtp_connection_reuse_time_limit * 1000);
    return s;
}

void smtp_session_free(struct session *s)
{
    if (s == NULL)
        return;
    stream_done(&s->stream);
    smtp_reply_done(&s->reply);
    str_done(&s->content);
    str_done(&s->transcript);
    mem_free(s->host);
    mem_free(s->relay);
    mem_free(s->peer);
    mem_free(s->address_key);
    mem_free(s);
}

/* --- talking --- */

void smtp_session_timeout(struct session *s, int seconds)
{
    s->stream.timeout = (msec) seconds * 1000;
    s->stream.deadline = conf.smtp_per_request_deadline ? clock_after(s->stream.timeout) : NEVER;
}

void smtp_session_command(struct session *s, const char *format, ...)
{
    struct str line = {0};
    va_list ap;

    va_start(ap, format);
    str_vaddf(&line, format, ap);
    va_end(ap);
    str_adds(&line, "\r\n");
    smtp_notify_commands(s, line.data, line.len);
    stream_add(&s->stream, line.data, line.len);
    str_done(&line);
}

/* Among pipelined commands a stray line shifts every answer to the command before. */
static void warn_of_garbage(const struct session *s, const struct attempt *a)
{
    const char *protocol = smtp_is_lmtp() ? "lmtp" : "smtp";
    const char *addr = s->peer + strcspn(s->peer, "[");

    if (s->reply.garbage.len == 0 || (s->features & FEATURE_PIPELINING) == 0)
        return;
    addr += *addr == '[';
    log_warn("%s: non-%s response from %s: %.100s", a->d->queue_id, smtp_is_lmtp() ? "LMTP" : "ESMTP", s->relay,
        str_text(&s->reply.garbage));
    log_warn("to prevent loss of mail, turn off command pipelining for %.*s with the "
        "%s_discard_ehlo_keyword_address_maps parameter", (int) strcspn(addr, "]"), addr, protocol);
}

bool smtp_session_reply(struct session *s, const struct attempt *a)
{
    smtp_reply_wait(&s->stream);
    snprintf(s->queue_id, sizeof(s->queue_id), "%s", a->d->queue_id);
    if (!smtp_reply_read(&s->stream, &s->reply))
        return false;
    s->is_in_doubt = false;
    smtp_notify_reply(s);
    warn_of_garbage(s, a);
    if (s->reply.code == 421) /* RFC 5321 3.8: the server closes the channel */
        s->reusable_until = 0;
    return true;
}

void smtp_session_quit(struct session *s)
{
    if (stream_error(&s->stream) != STREAM_OK)
        return;
    smtp_session_timeout(s, conf.smtp_quit_timeout);
    stream_adds(&s->stream, "QUIT\r\n");
    if (conf.smtp_skip_quit_response)
        stream_flush(&s->stream);
    else {
        smtp_reply_wait(&s->stream);
        smtp_reply_read(&s->stream, &s->reply);
    }
}
