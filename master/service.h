/* service.h: a line of master.cf, its listening sockets and its workers.
 */
#ifndef MASTER_SERVICE_H
#define MASTER_SERVICE_H

#include <stdbool.h>
#include <sys/types.h>

#include "base/list.h"
#include "base/loop.h"
#include "base/vec.h"
#include "config/master_cf.h"
#include "daemon/share.h"

struct service {
    struct list link;
    const struct master_service *line;  /* of the present master.cf */
    char *name;                         /* for log lines: "smtp inet" is known as "smtp" */
    char *label;                        /* the same with its port: "25", "[127.0.0.1]:10025"; inet only */
    char *path;                         /* of the program */
    int *listen_fds;
    struct vec addresses;               /* char *: what each descriptor is bound to; for reload */
    int listen_count;
    bool is_public;                     /* others than this machine can reach it */
    struct watch **watches;             /* of the descriptors; running while nobody is available */
    bool is_watching;
    struct share *share;
    int share_fd;
    int status_pipe[2];
    struct watch *status_watch;
    struct list workers;
    int worker_count, available_count;
    int min_workers;                    /* to start at the first client: <service>_workers */
    struct timer wakeup;
    bool is_used;
    struct timer throttle;
    bool is_throttled;
    int recent_deaths;
    msec first_death;
    time_t limit_warned;
    bool is_stressed;
    time_t stress_until;
};

struct worker {
    struct list link;
    struct service *service;
    pid_t pid;
    int number;
    unsigned generation;                /* of master, when it was started */
    bool is_available, is_ready;        /* ready: has reported at least once */
};

extern struct list master_services;            /* of struct service */
extern unsigned master_generation;             /* one more at each reload */

void master_service_start(struct service *s);          /* sockets are open: begin to serve */
void master_service_stop(struct service *s, int signal);/* its workers get the signal */
void master_service_end(struct service *s);            /* its workers get SIGTERM, its sockets are closed; s is gone */
void master_service_worker_ended(pid_t pid, int status);
bool master_service_adapts_to_stress(const struct service *s); /* is it told of overload (STRESS_README)? */

#endif
