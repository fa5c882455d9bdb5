#include "base/net.h"

#include <arpa/inet.h>
#include <errno.h>
#include <net/if.h>
#include <netdb.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/io.h"
#include "base/task.h"

bool net_parse(struct net_addr *a, const char *text, uint16_t port)
{
    char host[NET_HOST_LEN];
    const char *scope = strchr(text, '%');

    *a = (struct net_addr){0};
    if (inet_pton(AF_INET, text, &a->in.sin_addr) == 1) {
        a->in.sin_family = AF_INET;
        a->in.sin_port = htons(port);
        a->len = sizeof(a->in);
        return true;
    }
    size_t n = scope == NULL ? strlen(text) : (size_t) (scope - text);
    if (n >= sizeof(host))
        return false;
    memcpy(host, text, n);
    host[n] = 0;
    if (inet_pton(AF_INET6, host, &a->in6.sin6_addr) != 1)
        return false;
    if (scope != NULL && (a->in6.sin6_scope_id = if_nametoindex(scope + 1)) == 0)
        return false;
    a->in6.sin6_family = AF_INET6;
    a->in6.sin6_port = htons(port);
    a->len = sizeof(a->in6);
    return true;
}

const char *net_host(const struct net_addr *a, char buffer[NET_HOST_LEN])
{
    char name[IF_NAMESIZE];

    buffer[0] = 0;
    if (a->len == 0)
        return buffer;
    if (a->sa.sa_family == AF_INET)
        inet_ntop(AF_INET, &a->in.sin_addr, buffer, NET_HOST_LEN);
    else if (a->sa.sa_family == AF_INET6 && IN6_IS_ADDR_V4MAPPED(&a->in6.sin6_addr))
        inet_ntop(AF_INET, a->in6.sin6_addr.s6_addr + 12, buffer, NET_HOST_LEN);
    else if (a->sa.sa_family == AF_INET6) {
        inet_ntop(AF_INET6, &a->in6.sin6_addr, buffer, INET6_ADDRSTRLEN);
        if (a->in6.sin6_scope_id != 0 && if_indextoname(a->in6.sin6_scope_id, name) != NULL)
            snprintf(buffer + strlen(buffer), NET_HOST_LEN - strlen(buffer), "%%%s", name);
    }
    return buffer;
}

uint16_t net_port(const struct net_addr *a)
{
    if (a->len == 0)
        return 0;
    if (a->sa.sa_family == AF_INET)
        return ntohs(a->in.sin_port);
    return a->sa.sa_family == AF_INET6 ? ntohs(a->in6.sin6_port) : 0;
}

bool net_unix(struct net_addr *a, const char *path)
{
    *a = (struct net_addr){0};
    if (strlen(path) >= sizeof(a->un.sun_path))
        return false;
    a->un.sun_family = AF_UNIX;
    strcpy(a->un.sun_path, path);
    a->len = (socklen_t) (offsetof(struct sockaddr_un, sun_path) + strlen(path) + 1);
    return true;
}

bool net_same_host(const struct net_addr *a, const struct net_addr *b)
{
    if (a->len == 0 || b->len == 0 || a->sa.sa_family != b->sa.sa_family)
        return false;
    if (a->sa.sa_family == AF_INET)
        return a->in.sin_addr.s_addr == b->in.sin_addr.s_addr;
    if (a->sa.sa_family == AF_INET6)
        return IN6_ARE_ADDR_EQUAL(&a->in6.sin6_addr, &b->in6.sin6_addr);
    return strcmp(a->un.sun_path, b->un.sun_path) == 0;
}

void net_unmap(struct net_addr *a)
{
    struct net_addr v4 = {.len = sizeof(v4.in)};

    if (a->len == 0 || a->sa.sa_family != AF_INET6 || !IN6_IS_ADDR_V4MAPPED(&a->in6.sin6_addr))
        return;
    v4.in.sin_family = AF_INET;
    v4.in.sin_port = a->in6.sin6_port;
    memcpy(&v4.in.sin_addr, a->in6.sin6_addr.s6_addr + 12, sizeof(v4.in.sin_addr));
    *a = v4;
}

static int window_bytes; /* of the process, as main.cf says it */

void net_limit_window(int bytes)
{
    window_bytes = bytes;
}

/* What a handshake offers depends on the buffers that the socket has by then. */
static int new_socket(const struct net_addr *a)
{
    int fd = socket(a->sa.sa_family, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);

    if (fd >= 0 && window_bytes > 0 && a->sa.sa_family != AF_UNIX) {
        setsockopt(fd, SOL_SOCKET, SO_SNDBUF, &window_bytes, sizeof(window_bytes));
        setsockopt(fd, SOL_SOCKET, SO_RCVBUF, &window_bytes, sizeof(window_bytes));
    }
    return fd;
}

int net_listen(const struct net_addr *a, int backlog, struct str *why)
{
    char host[NET_HOST_LEN];
    int on = 1;
    int fd = new_socket(a);

    if (fd < 0) {
        str_setf(why, "socket: %s", strerror(errno));
        return -1;
    }
    if (a->sa.sa_family == AF_UNIX)
        unlink(a->un.sun_path);
    else
        setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
    if (a->sa.sa_family == AF_INET6)
        setsockopt(fd, IPPROTO_IPV6, IPV6_V6ONLY, &on, sizeof(on));
    if (bind(fd, &a->sa, a->len) == 0 && listen(fd, backlog) == 0) {
        if (a->sa.sa_family == AF_UNIX)
            chmod(a->un.sun_path, 0666);
        return fd;
    }
    int cause = errno;
    if (a->sa.sa_family == AF_UNIX)
        str_setf(why, "bind %s: %s", a->un.sun_path, strerror(cause));
    else
        str_setf(why, "bind %s port %d: %s", net_host(a, host), net_port(a), strerror(cause));
    close(fd);
    errno = cause;
    return -1;
}

/* connect(2) for a UNIX-domain socket whose listen queue may be full: nothing tells when it no longer is. */
static bool connect_local(int fd, const struct net_addr *a, msec deadline)
{
    enum { RETRY_MS = 10 };

    while (connect(fd, &a->sa, a->len) < 0) {
        if (errno != EAGAIN)
            return false;
        if (clock_now() >= deadline || task_is_cancelled()) {
            errno = task_is_cancelled() ? ECANCELED : ETIMEDOUT;
            return false;
        }
        task_sleep(RETRY_MS);
    }
    return true;
}

static bool connect_inet(int fd, const struct net_addr *a, msec deadline)
{
    int error = 0;
    socklen_t len = sizeof(error);

    if (connect(fd, &a->sa, a->len) == 0)
        return true;
    if (errno != EINPROGRESS || !io_await(fd, IO_WRITE, deadline))
        return false;
    if (getsockopt(fd, SOL_SOCKET, SO_ERROR, &error, &len) < 0)
        return false;
    errno = error;
    return error == 0;
}

int net_connect(const struct net_addr *a, const struct net_addr *source, msec deadline)
{
    int fd = new_socket(a);

    if (fd < 0)
        return -1;
    if ((source == NULL || bind(fd, &source->sa, source->len) == 0) &&
        (a->sa.sa_family == AF_UNIX ? connect_local(fd, a, deadline) : connect_inet(fd, a, deadline)))
        return fd;
    int cause = errno;
    io_close(fd);
    errno = cause;
    return -1;
}

int net_connect_unix(const char *path, msec deadline)
{
    struct net_addr a;

    if (!net_unix(&a, path)) {
        errno = ENAMETOOLONG;
        return -1;
    }
    return net_connect(&a, NULL, deadline);
}

bool net_send_fd(int socket, int fd)
{
    char byte = 0;
    struct iovec iov = {.iov_base = &byte, .iov_len = 1};
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control = {0};
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control.room)};
    struct cmsghdr *c = CMSG_FIRSTHDR(&msg);

    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof(int));
    memcpy(CMSG_DATA(c), &fd, sizeof(fd));
    return sendmsg(socket, &msg, MSG_NOSIGNAL) == 1;
}

int net_recv_fd(int socket, msec deadline)
{
    char byte;
    int fd = -1;
    struct iovec iov = {.iov_base = &byte, .iov_len = 1};
    union {
        struct cmsghdr header;
        char room[CMSG_SPACE(sizeof(int))];
    } control;
    struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1, .msg_control = &control, .msg_controllen = sizeof(control.room)};

    ssize_t n;
    while ((n = recvmsg(socket, &msg, MSG_CMSG_CLOEXEC)) < 0 && (errno == EAGAIN || errno == EINTR))
        if (errno == EAGAIN && !io_await(socket, IO_READ, deadline))
            return -1;
    struct cmsghdr *c = n == 1 ? CMSG_FIRSTHDR(&msg) : NULL;
    if (c != NULL && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
        memcpy(&fd, CMSG_DATA(c), sizeof(fd));
    return fd;
}
