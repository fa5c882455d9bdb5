/* dns_resolver.c: c-ares over our loop.
 *
 * Sockets are watched for reading from the loop. Writing is waited for, rarely (TCP), by a small
 * task. One timer serves all questions. The servers are read again when resolv.conf changes.
 */
#include "dns/dns_resolver.h"

#include <ares.h>
#include <errno.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "base/file.h"
#include "base/io.h"
#include "base/list.h"
#include "base/log.h"
#include "base/loop.h"
#include "base/mem.h"
#include "base/task.h"
#include "base/words.h"

#define RESOLV_CONF "/etc/resolv.conf"

enum { CLASS_IN = 1, CHECK_MS = 10000, DEFAULT_ATTEMPTS = 2, DEFAULT_TIMEOUT_S = 5 };

struct server_socket {
    struct list link;
    ares_socket_t fd;
    struct watch *watch;
    bool is_closed, wants_write, has_writer;
};

struct pending {
    dns_resolver_done *done;
    void *arg;
};

static ares_channel channel;      /* NULL: not made yet */
static struct list sockets = {&sockets, &sockets};
static struct timer timer;        /* when c-ares wants to be called, while there are questions */
static unsigned in_flight;        /* questions */
static struct timespec conf_time; /* of resolv.conf, as it was when the channel was made */
static msec checked_at;           /* when that was looked at */

/* --- sockets and time --- */

static void set_timer(void)
{
    struct timeval longest = {.tv_sec = DEFAULT_TIMEOUT_S}, wait, *next;

    if (in_flight == 0 || timer_is_set(&timer))
        return;
    next = ares_timeout(channel, &longest, &wait);
    /* Not before c-ares thinks so, or it does nothing and we come again at once. */
    timer_set(&timer, clock_after(next->tv_sec * 1000 + next->tv_usec / 1000 + 1));
}

static void time_passed(void *arg)
{
    (void) arg;
    ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    set_timer();
}

static void readable(void *arg)
{
    struct server_socket *s = arg;

    ares_process_fd(channel, s->fd, ARES_SOCKET_BAD);
    set_timer();
}

static struct server_socket *find_socket(ares_socket_t fd)
{
    list_each (link, &sockets) {
        struct server_socket *s = list_entry(link, struct server_socket, link);
        if (s->fd == fd)
            return s;
    }
    return NULL;
}

static void write_when_ready(void *arg)
{
    struct server_socket *s = arg;

    while (!s->is_closed && s->wants_write && io_wait(s->fd, IO_WRITE, NEVER) == IO_READY && !s->is_closed)
        ares_process_fd(channel, ARES_SOCKET_BAD, s->fd);
    s->has_writer = false;
    if (s->is_closed)
        mem_free(s);
}

static void forget_socket(struct server_socket *s)
{
    loop_unwatch(s->watch);
    list_remove(&s->link);
    s->is_closed = true;
    if (!s->has_writer)
        mem_free(s);
}

static void state_changed(void *context, ares_socket_t fd, int wants_read, int wants_write)
{
    struct server_socket *s = find_socket(fd);

    (void) context;
    if (!wants_read && !wants_write) {
        if (s != NULL)
            forget_socket(s);
        return;
    }
    if (s == NULL) {
        s = mem_zalloc(sizeof(*s));
        s->fd = fd;
        s->watch = loop_watch_readable(fd, readable, s);
        list_append(&sockets, &s->link);
    }
    s->wants_write = wants_write;
    if (wants_write && !s->has_writer && loop_is_running()) {
        s->has_writer = true;
        task_start(write_when_ready, s);
    }
}

static ares_socket_t open_socket(int family, int type, int protocol, void *context)
{
    (void) context;
    return socket(family, type | SOCK_NONBLOCK | SOCK_CLOEXEC, protocol);
}

static int close_socket(ares_socket_t fd, void *context)
{
    (void) context;
    io_close(fd);
    return 0;
}

static int connect_socket(ares_socket_t fd, const struct sockaddr *to, ares_socklen_t len, void *context)
{
    (void) context;
    return connect(fd, to, len);
}

static ares_ssize_t receive(
    ares_socket_t fd, void *buffer, size_t n, int flags, struct sockaddr *from, ares_socklen_t *len, void *context)
{
    (void) context;
    return recvfrom(fd, buffer, n, flags, from, len);
}

static ares_ssize_t send_parts(ares_socket_t fd, const struct iovec *parts, int count, void *context)
{
    struct msghdr message = {.msg_iov = (struct iovec *) parts, .msg_iovlen = (size_t) count};

    (void) context;
    return sendmsg(fd, &message, MSG_NOSIGNAL);
}

static const struct ares_socket_functions socket_functions = {
    open_socket, close_socket, connect_socket, receive, send_parts};

/* --- the channel --- */

/* resolv.conf(5) "options timeout:n attempts:n", which this c-ares does not know by these names. */
static void read_conf_options(struct ares_options *o)
{
    struct str text = {0}, why = {0};
    char *word;

    o->timeout = DEFAULT_TIMEOUT_S * 1000;
    o->tries = DEFAULT_ATTEMPTS;
    if (file_read(RESOLV_CONF, &text, &why)) {
        char *cursor = text.data;
        while ((word = words_next(&cursor, WORDS_SPACE)) != NULL) {
            if (strncmp(word, "timeout:", 8) == 0 && atoi(word + 8) > 0)
                o->timeout = atoi(word + 8) * 1000;
            else if (strncmp(word, "attempts:", 9) == 0 && atoi(word + 9) > 0)
                o->tries = atoi(word + 9);
        }
    }
    str_done(&text);
    str_done(&why);
}

static struct timespec conf_modified(void)
{
    struct stat st;

    if (stat(RESOLV_CONF, &st) < 0)
        return (struct timespec){0};
    return st.st_mtim;
}

void dns_resolver_open(void)
{
    struct ares_options o = {.sock_state_cb = state_changed};
    const char *servers = getenv("POSTRIDER_DNS_SERVERS");

    if (channel != NULL)
        return;
    read_conf_options(&o);
    conf_time = conf_modified();
    int status = ares_library_init(ARES_LIB_INIT_ALL);
    if (status == ARES_SUCCESS)
        status = ares_init_options(&channel, &o, ARES_OPT_SOCK_STATE_CB | ARES_OPT_TIMEOUTMS | ARES_OPT_TRIES);
    if (status == ARES_SUCCESS && servers != NULL && *servers != 0)
        status = ares_set_servers_ports_csv(channel, servers);
    if (status != ARES_SUCCESS)
        fatal("name resolver: %s", ares_strerror(status));
    ares_set_socket_functions(channel, &socket_functions, NULL);
    timer.fire = time_passed;
}

/* In a chroot without a resolv.conf what was read before it stays good. */
static void reopen_if_changed(void)
{
    if (in_flight > 0 || clock_now() - checked_at < CHECK_MS)
        return;
    checked_at = clock_now();
    struct timespec now = conf_modified();
    if (now.tv_sec == 0 || (now.tv_sec == conf_time.tv_sec && now.tv_nsec == conf_time.tv_nsec))
        return;
    timer_stop(&timer);
    ares_destroy(channel);
    channel = NULL;
    dns_resolver_open();
}

/* --- questions --- */

static const char *describe(int status)
{
    switch (status) {
    case ARES_EBADRESP:
        return "Malformed or unexpected name server reply";
    case ARES_EFORMERR:
    case ARES_ENOTIMP:
        return "Non-recoverable error";
    default:
        return "Host not found, try again";
    }
}

static void answered(void *arg, int status, int timeouts, unsigned char *reply, int n)
{
    struct pending *p = arg;
    bool is_reply = status == ARES_SUCCESS || status == ARES_ENODATA || status == ARES_ENOTFOUND;

    (void) timeouts;
    in_flight--;
    if (is_reply && reply != NULL)
        p->done(p->arg, reply, (size_t) n, NULL);
    else
        p->done(p->arg, NULL, 0, describe(status));
    mem_free(p);
}

/* c-ares takes the number from the question that it is given. */
static unsigned short random_number(void)
{
    static unsigned short numbers[128];
    static size_t left;

    if (left == 0 && getrandom(numbers, sizeof(numbers), 0) == sizeof(numbers))
        left = sizeof(numbers) / sizeof(numbers[0]);
    if (left == 0)
        fatal("getrandom: %m");
    return numbers[--left];
}

static bool is_searched(const struct dns_resolver_question *q)
{
    switch (q->search) {
    case DNS_SEARCH_NONE:
        return false;
    case DNS_SEARCH_ONE_LABEL:
        return strchr(q->name, '.') == NULL;
    case DNS_SEARCH_ALL:
        return true;
    }
    panic("unknown search rule");
}

void dns_resolver_ask(const struct dns_resolver_question *q, dns_resolver_done *done, void *arg)
{
    struct pending *p = mem_alloc(sizeof(*p));
    unsigned char *packet;
    int n;

    dns_resolver_open();
    reopen_if_changed();
    *p = (struct pending){.done = done, .arg = arg};
    in_flight++;
    if (is_searched(q)) {
        ares_search(channel, q->name, CLASS_IN, q->type_number, answered, p);
    } else if (ares_create_query(q->name, CLASS_IN, q->type_number, random_number(), 1, &packet, &n, 0) !=
               ARES_SUCCESS) {
        answered(p, ARES_EBADNAME, 0, NULL, 0);
    } else {
        if (q->is_secure)
            packet[3] |= 0x20;
        ares_send(channel, packet, n, answered, p);
        ares_free_string(packet);
    }
    set_timer();
}

void dns_resolver_turn(void)
{
    ares_socket_t fds[ARES_GETSOCK_MAXNUM];
    struct pollfd polled[ARES_GETSOCK_MAXNUM];
    struct timeval longest = {.tv_sec = DEFAULT_TIMEOUT_S}, wait, *next;
    unsigned bits = (unsigned) ares_getsock(channel, fds, ARES_GETSOCK_MAXNUM);
    int count = 0;

    for (int i = 0; i < ARES_GETSOCK_MAXNUM; i++) {
        short events = 0;
        if ((bits >> i & 1) != 0)
            events |= POLLIN;
        if ((bits >> (i + ARES_GETSOCK_MAXNUM) & 1) != 0)
            events |= POLLOUT;
        if (events != 0)
            polled[count++] = (struct pollfd){.fd = fds[i], .events = events};
    }
    next = ares_timeout(channel, &longest, &wait);
    int ready = poll(polled, (nfds_t) count, (int) (next->tv_sec * 1000 + next->tv_usec / 1000 + 1));
    if (ready <= 0)
        ares_process_fd(channel, ARES_SOCKET_BAD, ARES_SOCKET_BAD);
    for (int i = 0; ready > 0 && i < count; i++)
        ares_process_fd(channel,
            (polled[i].revents & (POLLIN | POLLERR | POLLHUP)) != 0 ? polled[i].fd : ARES_SOCKET_BAD,
            (polled[i].revents & POLLOUT) != 0 ? polled[i].fd : ARES_SOCKET_BAD);
}
