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

enum {
    BACKLOG = 4096,           /* the kernel lowers it to net.core.somaxconn */
    ABOVE_WORKERS = 100,      /* descriptors of ours lie above those that workers get */
};

int listen_move_up(int fd)
{
    int high = fcntl(fd, F_DUPFD_CLOEXEC, ABOVE_WORKERS);

    if (high < 0)
        fatal("duplicate descriptor: %m");
    close(fd);
    return high;
}

static void add_listener(struct service *s, int fd, char *address)
{
    int high = listen_move_up(fd);

    fcntl(high, F_SETFL, fcntl(high, F_GETFL) | O_NONBLOCK);
    s->listen_fds = mem_realloc(s->listen_fds, (size_t) (s->listen_count + 1) * sizeof(*s->listen_fds));
    s->listen_fds[s->listen_count++] = high;
    vec_add(&s->addresses, address);
}

/* --- inet --- */

static bool is_wanted_family(int family)
{
    struct arena a = {0};
    struct vec names = {0};
    bool is_wanted = false;

    words_split(&a, conf.inet_protocols, WORDS_LIST, &names);
    for (size_t i = 0; i < names.count; i++) {
        const char *name = names.items[i];
        if (strcmp(name, "all") == 0 || strcmp(name, family == AF_INET ? "ipv4" : "ipv6") == 0)
            is_wanted = true;
    }
    vec_done(&names, NULL);
    arena_done(&a);
    return is_wanted;
}

/* A machine without IPv6 says so with one of these; inet_protocols = all does not insist. */
static bool is_family_missing(int error)
{
    return error == EAFNOSUPPORT || error == EADDRNOTAVAIL;
}

static void bind_one(struct service *s, const struct addrinfo *ai, bool may_be_missing)
{
    struct net_addr a = {.len = ai->ai_addrlen};
    struct str why = {0};
    char host[NET_HOST_LEN];

    memcpy(&a.sa, ai->ai_addr, ai->ai_addrlen);
    int fd = net_listen(&a, BACKLOG, &why);
    if (fd < 0 && ai->ai_family == AF_INET6 && may_be_missing && is_family_missing(errno))
        log_warn("%s: skipped", str_text(&why));
    else if (fd < 0)
        fatal("%s", str_text(&why));
    else
        add_listener(s, fd, mem_printf("[%s]:%d", net_host(&a, host), net_port(&a)));
    str_done(&why);
}

/* host NULL: any address. */
static void bind_host(struct service *s, const char *host, const char *port)
{
    struct addrinfo hints = {.ai_socktype = SOCK_STREAM, .ai_flags = host == NULL ? AI_PASSIVE : 0}, *found;
    int error = getaddrinfo(host, port, &hints, &found);
    bool any = false;

    if (error != 0)
        fatal("%s/%s:%s: host or service %s:%s not found: %s", config_dir(), "master.cf", s->name,
            host == NULL ? "" : host, port, gai_strerror(error));
    for (const struct addrinfo *ai = found; ai != NULL; ai = ai->ai_next) {
        if (!is_wanted_family(ai->ai_family))
            continue;
        bind_one(s, ai, host == NULL);
        any = true;
    }
    freeaddrinfo(found);
    if (!any)
        fatal("service %s: host %s has no address of the families in inet_protocols (%s)", s->name,
            host == NULL ? "*" : host, conf.inet_protocols);
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

static void bind_interfaces(struct service *s, const char *port)
{
    struct arena a = {0};
    struct vec names = {0};

    words_split(&a, conf.inet_interfaces, WORDS_LIST, &names);
    for (size_t i = 0; i < names.count; i++) {
        char *name = names.items[i];
        size_t n = strlen(name);
        if (strcmp(name, "all") == 0)
            bind_host(s, NULL, port);
        else if (strcmp(name, "loopback-only") == 0) {
            if (is_wanted_family(AF_INET))
                bind_host(s, "127.0.0.1", port);
            if (is_wanted_family(AF_INET6))
                bind_host(s, "::1", port);
        } else {
            if (name[0] == '[' && name[n - 1] == ']') {
                name[n - 1] = 0;
                name++;
            }
            bind_host(s, name, port);
        }
    }
    vec_done(&names, NULL);
    arena_done(&a);
}

/* "port", "host:port", "[v6]:port", ":port". */
static void open_inet(struct service *s)
{
    struct arena a = {0};
    char *name = arena_strdup(&a, s->line->name);
    char *colon = strrchr(name, ':');

    if (colon == NULL)
        bind_interfaces(s, port_number(&a, name));
    else {
        *colon = 0;
        const char *port = port_number(&a, colon + 1);
        size_t n = strlen(name);
        if (n > 1 && name[0] == '[' && name[n - 1] == ']') {
            name[n - 1] = 0;
            name++;
        }
        if (*name == 0)
            bind_interfaces(s, port);
        else
            bind_host(s, name, port);
    }
    arena_done(&a);
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

static void open_unix(struct service *s, int type)
{
    char *path = local_path(s);
    struct net_addr a;
    struct str why = {0};

    if (!net_unix(&a, path))
        fatal("%s: path too long", path);
    int fd;
    if (type == SOCK_DGRAM) {
        unlink(path);
        fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        if (fd < 0 || bind(fd, &a.sa, a.len) < 0)
            fatal("bind %s: %m", path);
    } else if ((fd = net_listen(&a, BACKLOG, &why)) < 0)
        fatal("%s", str_text(&why));
    give_to_owner(path);
    str_done(&why);
    add_listener(s, fd, path);
}

static void open_fifo(struct service *s)
{
    char *path = local_path(s);

    unlink(path);
    if (mkfifo(path, 0622) < 0)
        fatal("mkfifo %s: %m", path);
    give_to_owner(path);
    chmod(path, 0622);
    int fd = open(path, O_RDWR | O_NONBLOCK | O_CLOEXEC); /* also for writing: it never reads as ended */
    if (fd < 0)
        fatal("open %s: %m", path);
    add_listener(s, fd, path);
}

void listen_open(struct service *s)
{
    switch (s->line->type) {
    case MASTER_INET:
        open_inet(s);
        return;
    case MASTER_UNIX:
    case MASTER_PASS:
        open_unix(s, SOCK_STREAM);
        return;
    case MASTER_UNIX_DGRAM:
        open_unix(s, SOCK_DGRAM);
        return;
    case MASTER_FIFO:
        open_fifo(s);
        return;
    }
}

void listen_close(struct service *s)
{
    for (int i = 0; i < s->listen_count; i++)
        close(s->listen_fds[i]);
    mem_free(s->listen_fds);
    vec_done(&s->addresses, mem_free);
    s->listen_fds = NULL;
    s->listen_count = 0;
}
