/* dbms_hosts.h: the servers that have the same data, and which of them is asked.
 *
 * A server to which there is a connection comes first, then the others in random order, those with
 * UNIX-domain sockets before those over TCP. One that failed is left alone for retry_interval while
 * another will do; where none will, it is tried again after a second, so that mail goes on soon
 * after the only server is back.
 */
#ifndef TABLE_DBMS_HOSTS_H
#define TABLE_DBMS_HOSTS_H

#include <stdbool.h>

#include "base/clock.h"
#include "table/dbms.h"

struct dbms_host {
    char *text;                        /* as written: "unix:/run/x", "inet:db1:3306", "db1" */
    char *name;                        /* the path, or the host */
    int port;                          /* 0: the usual one */
    bool is_local;                     /* a path */
    void *connection;                  /* the driver's; NULL: none */
    msec failed, retry_at, idle_at;    /* dbms_hosts.c only */
    bool has_failed, was_used;         /* dbms_hosts.c only */
    bool is_tried;                     /* dbms_hosts.c only: for the present question */
};

struct dbms_driver {
    void *(*connect)(void *context, const struct dbms_host *host); /* NULL: failed, which was logged */
    void (*disconnect)(void *connection);
};

struct dbms_hosts {
    struct dbms_host *hosts;
    size_t count;
    msec idle_ms, retry_ms;
    const struct dbms_driver *driver;
    void *context;
};

/* Take "hosts", idle_interval and retry_interval. No hosts: the one given. */
void dbms_hosts_open(struct dbms_hosts *h, struct dbms_conf *c, const char *default_);
void dbms_hosts_close(struct dbms_hosts *h);

/* For each question, until one server answers it: a connected one. NULL: none is left that can be
 * reached now, and what failed was logged. */
void dbms_hosts_begin(struct dbms_hosts *h);
struct dbms_host *dbms_hosts_next(struct dbms_hosts *h);

/* What became of the question: it was answered, or the connection is of no use any more. A server
 * that ended a connection in which it had answered before is not at fault, and may be tried again. */
void dbms_hosts_answered(struct dbms_hosts *h, struct dbms_host *host);
void dbms_hosts_failed(struct dbms_hosts *h, struct dbms_host *host);

#endif
