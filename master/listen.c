#include "master/listen.h"

#include <errno.h>
#include <fcntl.h>
#include <netdb.h>
#include <pwd.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/file.h"
#include "base/io.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/net.h"
#include "base/words.h"
#include "config/config.h"
#include "config/interfaces.h"

enum {
    BACKLOG = 4096,           /* the kernel lowers it to net.core.somaxconn */
    ABOVE_WORKERS = 100,      /* descriptors of ours lie above those that workers get */
};

int master_listen_move_up(int fd)
{
    int high = fcntl(fd, F_DUPFD_CLOEXEC, ABOVE_WORKERS);

    if (high < 0)
        fatal("duplicate descriptor: %m");
    close(fd);
    return high;
}

static void add_listener(struct service *s, int fd, char *address)
{
    int high = master_listen_move_up(fd);

    fcntl(high, F_SETFL, fcntl(high, F_GETFL) | O_NONBLOCK);
    s->listen_fds = mem_realloc(s->listen_fds, (size_t) (s->listen_count + 1) * sizeof(*s->listen_fds));
    s->listen_fds[s->listen_count++] = high;
    vec_add(&s->addresses, address);
}

/* --- inet --- */

/* inet_interfaces and inet_protocols as they were at the start: a reload does not change them, as the
 * workers of old could still listen. */
static struct {
    char *interfaces, *protocols;
    int families; /* INTERFACES_IPV4, INTERFACES_IPV6 */
} start;

static void note_start(void)
{
    struct str why = {0};

    if (start.interfaces != NULL)
        return;
    start.interfaces = mem_strdup(conf.inet_interfaces);
    start.protocols = mem_strdup(conf.inet_protocols);
    start.families = interfaces_protocols(start.protocols, &why);
    if (start.families == 0)
        fatal("parameter inet_protocols: %s", str_text(&why));
    str_done(&why);
}

static bool is_wanted_family(int family)
{
    return (family == AF_INET && (start.families & INTERFACES_IPV4) != 0) ||
        (family == AF_INET6 && (start.families & INTERFACES_IPV6) != 0);
}

/* A machine without IPv6 says so with one of these; inet_protocols = all does not insist. */
static bool is_family_missing(int error)
{
    return error == EAFNOSUPPORT || error == EADDRNOTAVAIL;
}

static bool is_loopback(const struct net_addr *a)
{
    return a->sa.sa_family == AF_INET ? ntohl(a->in.sin_addr.s_addr) >> 24 == IN_LOOPBACKNET
                                      : IN6_IS_ADDR_LOOPBACK(&a->in6.sin6_addr);
}

static bool bind_address(struct service *s, const struct net_addr *a, bool may_be_missing, struct str *why)
{
    char host[NET_HOST_LEN];
    int fd = net_listen(a, BACKLOG, why);

    if (fd >= 0) {
        add_listener(s, fd, mem_printf("[%s]:%d", net_host(a, host), net_port(a)));
        s->is_public = s->is_public || !is_loopback(a);
    } else if (a->sa.sa_family == AF_INET6 && may_be_missing && is_family_missing(errno))
        log_warn("%s: skipped", str_text(why));
    else
        return false;
    return true;
}

/* host NULL: any address. A name may have an address of a family that this machine does not have. */
static bool bind_host(struct service *s, const char *host, const char *port, struct str *why)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = host == NULL ? AI_PASSIVE : 0}, *found;
    int error = getaddrinfo(host, port, &hints, &found);
    struct net_addr literal;
    bool is_literal = host != NULL && net_parse(&literal, host, 0), any = false, ok = true;

    if (error != 0) {
        str_setf(why, "service %s: host \"%s\" or service \"%s\" not found: %s", s->name, host == NULL ? "" : host,
            port, gai_strerror(error));
        return false;
    }
    for (const struct addrinfo *ai = found; ok && ai != NULL; ai = ai->ai_next) {
        struct net_addr a = {.len = ai->ai_addrlen};
        if (!is_wanted_family(ai->ai_family))
            continue;
        memcpy(&a.sa, ai->ai_addr, ai->ai_addrlen);
        ok = bind_address(s, &a, !is_literal, why);
        any = true;
    }
    freeaddrinfo(found);
    if (ok && !any)
        str_setf(why, "service %s: host \"%s\" has no address of the families in inet_protocols (%s)", s->name,
            host == NULL ? "*" : host, start.protocols);
    return ok && any;
}

/* known_tcp_ports goes before services(5): "lmtp=24, smtp=25, smtps=submissions=465". */
static const char *port_number(struct arena *a, const char *port)
{
    struct vec groups = {0};

    words_split(a, conf.known_tcp_ports, WORDS_LIST, &groups);
    const char *found = port;
    for (size_t i = 0; i < groups.count; i++) {
        struct vec names = {0};
        words_split(a, groups.items[i], "=", &names);
        for (size_t j = 0; j + 1 < names.count; j++)
            if (strcmp(names.items[j], port) == 0)
                found = names.items[names.count - 1];
        vec_done(&names, NULL);
    }
    vec_done(&groups, NULL);
    return found;
}

static bool is_any_interface(void)
{
    struct arena a = {0};
    struct vec names = {0};
    bool is_any = false;

    words_split(&a, start.interfaces, WORDS_LIST, &names);
    for (size_t i = 0; i < names.count; i++)
        is_any = is_any || strcasecmp(names.items[i], "all") == 0;
    vec_done(&names, NULL);
    arena_done(&a);
    return is_any;
}

static bool bind_interfaces(struct service *s, const char *port, struct str *why)
{
    struct interfaces own = {0};
    char host[NET_HOST_LEN];

    if (is_any_interface())
        return bind_host(s, NULL, port, why);
    bool ok = interfaces_find(&own, start.interfaces, start.protocols, why);
    for (size_t i = 0; ok && i < own.count; i++)
        ok = bind_host(s, net_host(&own.list[i].addr, host), port, why);
    interfaces_done(&own);
    return ok;
}

/* "port", "host:port", "[v6]:port", ":port". */
static bool open_inet(struct service *s, struct str *why)
{
    struct arena a = {0};
    char *name = arena_strdup(&a, s->line->name), *colon = strrchr(name, ':'), *host = name;

    note_start();
    const char *port = port_number(&a, colon == NULL ? name : colon + 1);
    if (colon != NULL)
        *colon = 0;
    size_t n = strlen(host);
    if (n > 1 && host[0] == '[' && host[n - 1] == ']') {
        host[n - 1] = 0;
        host++;
    }
    bool is_any = colon == NULL || *host == 0;
    s->label = is_any ? mem_strdup(port) : mem_printf("[%s]:%s", host, port);
    bool ok = is_any ? bind_interfaces(s, port, why) : bind_host(s, host, port, why);
    arena_done(&a);
    return ok;
}

void master_listen_warn_of_changes(const struct service *s)
{
    const struct {
        const char *parameter, *before, *now;
    } values[] = {
        {"inet_interfaces", start.interfaces, conf.inet_interfaces},
        {"inet_protocols", start.protocols, conf.inet_protocols},
    };

    for (size_t i = 0; s->line->type == MASTER_INET && i < ARRAY_SIZE(values); i++) {
        if (values[i].before == NULL || strcasecmp(values[i].before, values[i].now) == 0)
            continue;
        log_warn("service %s: ignoring %s change", s->name, values[i].parameter);
        log_warn("to change %s, stop and start Postfix", values[i].parameter);
    }
}

/* --- local --- */

static char *local_path(const struct service *s)
{
    return mem_printf("%s/%s", s->line->is_private ? "private" : "public", s->line->name);
}

static void give_to_owner(const char *path)
{
    const struct passwd *pw = getpwnam(conf.mail_owner);

    chmod(path, 0666);
    if (pw != NULL && geteuid() == 0 && lchown(path, pw->pw_uid, (gid_t) -1) < 0)
        log_warn("set owner of %s: %m", path);
}

static bool open_unix(struct service *s, int type, struct str *why)
{
    char *path = local_path(s);
    struct net_addr a;
    int fd = -1;

    if (!net_unix(&a, path))
        str_setf(why, "%s: path too long", path);
    else if (type == SOCK_STREAM)
        fd = net_listen(&a, BACKLOG, why);
    else {
        unlink(path);
        fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
        if (fd < 0 || bind(fd, &a.sa, a.len) < 0) {
            str_setf(why, "bind %s: %s", path, strerror(errno));
            if (fd >= 0)
                close(fd);
            fd = -1;
        }
    }
    if (fd < 0) {
        mem_free(path);
        return false;
    }
    give_to_owner(path);
    add_listener(s, fd, path);
    return true;
}

static bool open_fifo(struct service *s, struct str *why)
{
    char *path = local_path(s);

    unlink(path);
    int fd = mkfifo(path, 0622) < 0 ? -1 : open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC); /* for writing: it never ends */
    if (fd < 0) {
        str_setf(why, "open FIFO %s: %s", path, strerror(errno));
        mem_free(path);
        return false;
    }
    give_to_owner(path);
    chmod(path, 0622);
    add_listener(s, fd, path);
    return true;
}

/* Every reader of our qmgr speaks to a socket; entries from before Postfix 3 name a FIFO. */
enum master_type master_listen_type(const struct service *s)
{
    return s->line->type == MASTER_FIFO && strcmp(s->line->command, "qmgr") == 0 ? MASTER_UNIX : s->line->type;
}

bool master_listen_open(struct service *s, struct str *why)
{
    switch (master_listen_type(s)) {
    case MASTER_INET:
        return open_inet(s, why);
    case MASTER_UNIX:
    case MASTER_PASS:
        return open_unix(s, SOCK_STREAM, why);
    case MASTER_UNIX_DGRAM:
        return open_unix(s, SOCK_DGRAM, why);
    case MASTER_FIFO:
        return open_fifo(s, why);
    }
    return false;
}

void master_listen_close(struct service *s)
{
    for (int i = 0; i < s->listen_count; i++) {
        char *address = s->addresses.items[i];
        if (*address != '[')
            unlink(address);
        /* Workers have it, too: nobody is to come in there any more, and the port to be free. */
        shutdown(s->listen_fds[i], SHUT_RDWR);
        close(s->listen_fds[i]);
    }
    mem_free(s->listen_fds);
    vec_done(&s->addresses, mem_free);
    s->listen_fds = NULL;
    s->listen_count = 0;
}
