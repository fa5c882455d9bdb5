#include "table/server.h"

#include <errno.h>
#include <netdb.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/words.h"

enum { MAX_ADDRESSES = 8 };

/* --- names --- */

static size_t resolve_here(const char *host, struct net_addr *addresses, size_t max, const char **why)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM}, *found;
    size_t count = 0;
    int error;

    if (max == 0)
        return 0;
    error = getaddrinfo(host, NULL, &hints, &found);
    if (error != 0) {
        *why = gai_strerror(error);
        return 0;
    }
    for (struct addrinfo *a = found; a != NULL && count < max; a = a->ai_next) {
        if (a->ai_addrlen > sizeof(addresses[count].in6))
            continue;
        addresses[count].len = a->ai_addrlen;
        memcpy(&addresses[count++].sa, a->ai_addr, a->ai_addrlen);
    }
    freeaddrinfo(found);
    return count;
}

static server_resolver *resolve = resolve_here;

void server_set_resolver(server_resolver *resolver)
{
    resolve = resolver;
}

/* A number, or a name of /etc/services. 0: neither. */
static uint16_t port_of(const char *text)
{
    long number;

    if (words_to_long(text, &number))
        return number > 0 && number <= UINT16_MAX ? (uint16_t) number : 0;
    const struct servent *service = getservbyname(text, "tcp");
    return service == NULL ? 0 : ntohs((uint16_t) service->s_port);
}

static size_t find_addresses(const struct server *s, struct net_addr *addresses)
{
    const char *why = "Servname not supported for ai_socktype";
    uint16_t port = port_of(s->port);
    size_t count = 0;

    if (port != 0 && net_parse(&addresses[0], s->host, port))
        return 1;
    if (port != 0)
        count = resolve(s->host, addresses, MAX_ADDRESSES, &why);
    for (size_t i = 0; i < count; i++) {
        if (addresses[i].sa.sa_family == AF_INET6)
            addresses[i].in6.sin6_port = htons(port);
        else
            addresses[i].in.sin_port = htons(port);
    }
    if (count == 0)
        log_warn("host or service %s not found: %s", s->endpoint, why);
    return count;
}

/* --- a server --- */

bool server_init_inet(struct server *s, const char *endpoint, struct str *why)
{
    bool has_brackets = *endpoint == '[';
    const char *close = has_brackets ? strchr(endpoint, ']') : NULL, *colon = strrchr(endpoint, ':');
    const char *host = endpoint + has_brackets, *unused;
    struct net_addr address;

    *s = (struct server){0};
    if (colon != NULL && close != NULL && colon < close)
        colon = NULL;
    const char *end = close != NULL ? close : colon != NULL ? colon : endpoint + strlen(endpoint);
    if ((has_brackets && close == NULL) || (!has_brackets && memchr(host, ':', (size_t) (end - host)) != NULL)) {
        str_setf(why, "%s: valid hostname or network address required", endpoint);
        return false;
    }
    s->endpoint = mem_strdup(endpoint);
    s->host = mem_strndup(host, (size_t) (end - host));
    s->port = mem_strdup(colon == NULL ? "" : colon + 1);
    if (!net_parse(&address, s->host, 0))
        resolve(s->host, NULL, 0, &unused);
    return true;
}

void server_init_unix(struct server *s, const char *path)
{
    *s = (struct server){.endpoint = mem_strdup(path)};
}

bool server_init(struct server *s, const char *service, struct str *why)
{
    const char *colon = strchr(service, ':');

    *s = (struct server){0};
    if (colon == NULL) {
        str_setf(why, "need service transport:endpoint instead of \"%s\"", service);
        return false;
    }
    if (strncmp(service, "inet:", 5) == 0)
        return server_init_inet(s, colon + 1, why);
    if (strncmp(service, "unix:", 5) != 0) {
        str_setf(why, "invalid transport name: %.*s in service: %s", (int) (colon - service), service, service);
        return false;
    }
    server_init_unix(s, colon + 1);
    return true;
}

static void drop(void *item)
{
    struct server_link *l = item;

    stream_done(&l->stream);
    mem_free(l);
}

void server_done(struct server *s)
{
    vec_done(&s->free, drop);
    mem_free(s->endpoint);
    mem_free(s->host);
    mem_free(s->port);
}

/* -1: errno. */
static int dial(const struct server *s)
{
    struct net_addr addresses[MAX_ADDRESSES];
    msec deadline = clock_after(s->timeout);
    int fd = -1;

    if (s->host == NULL)
        return net_connect_unix(s->endpoint, deadline);
    size_t count = find_addresses(s, addresses);
    errno = EADDRNOTAVAIL;
    for (size_t i = 0; i < count && fd < 0; i++)
        fd = net_connect(&addresses[i], NULL, deadline);
    return fd;
}

/* Too old, or its far end has gone, or has said what nobody asked for. */
static bool is_worn(const struct server *s, const struct server_link *l)
{
    char byte;

    if (s->idle > 0 && clock_now() - l->used_at > s->idle)
        return true;
    if (s->life > 0 && clock_now() - l->made_at > s->life)
        return true;
    return recv(l->stream.fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) >= 0 || (errno != EAGAIN && errno != EWOULDBLOCK);
}

struct server_link *server_take(struct server *s)
{
    for (struct server_link *l; (l = vec_pop(&s->free)) != NULL; drop(l))
        if (!is_worn(s, l)) {
            l->is_reused = true;
            return l;
        }
    int fd = dial(s);
    if (fd < 0)
        return NULL;
    struct server_link *l = mem_zalloc(sizeof(*l));
    stream_init(&l->stream, fd, s->timeout);
    l->made_at = clock_now();
    return l;
}

void server_give(struct server *s, struct server_link *l, bool is_good)
{
    if (!is_good || stream_error(&l->stream) != STREAM_OK) {
        drop(l);
        return;
    }
    l->used_at = clock_now();
    vec_add(&s->free, l);
}
