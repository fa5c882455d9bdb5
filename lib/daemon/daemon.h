/* daemon.h: the one skeleton of every daemon that master starts.
 *
 * daemon_main() does what all have in common: the command line that master builds, main.cf and
 * the -o overrides, the log, working directory $queue_directory, privileges, chroot, the listening
 * sockets that master passes, the loop, sessions and their limits, reload, idle and use limits, and
 * leaving cleanly: it stops accepting, lets what is under way end, then exits.
 * A program says what it does with a client by exactly one of session, mux, datagram; trigger
 * functions are part of mux (mux_handler.trigger).
 */
#ifndef DAEMON_DAEMON_H
#define DAEMON_DAEMON_H

#include <stdbool.h>

#include "base/net.h"
#include "base/stream.h"
#include "ipc/mux.h"

/* An accepted connection, in a task of its own. Closed by the skeleton when the function returns
 * (unless the function took it: client->fd = -1). */
struct daemon_client {
    int fd;
    struct net_addr peer, local; /* len 0 for UNIX-domain and standard input */
    bool is_stdin;               /* -S: the conversation is on standard input and output */
};

struct daemon_program {
    const char *name;                          /* "smtpd"; the process may have been started under another */
    void (*before_jail)(void);                 /* still root, not in the chroot: open tables. May be NULL */
    void (*after_jail)(void);                  /* as mail_owner, the loop not yet running. May be NULL */
    void (*session)(struct daemon_client *c);
    const struct mux_handler *mux;
    void (*datagram)(int fd);                  /* fd is readable */
    void (*draining)(void);                    /* no more clients are accepted from now on. May be NULL */
    bool (*is_idle)(void);                     /* besides sessions, requests and tasks being over: may it go? May be NULL */
    void (*reload)(void);                      /* main.cf was read again (postfix reload): go on with it. NULL, or where
                                                  that needs a new process (another line in master.cf, a chroot): the
                                                  process drains, and a new one takes over */
    void (*leaving)(void);                     /* the last act before exit. May be NULL */
    bool has_one_client;                       /* mux: the client gets all the room there is (daemon_session_room);
                                                  the next one waits for another worker */
    bool serves_many;                          /* session: clients stay and ask now and then, so the process limit is
                                                  not theirs; draining() ends those that are asking nothing */
    bool is_single;                            /* one session or request a process, as Postfix */
    bool keeps_root;                           /* local, virtual, pipe: change identity by themselves */
    const int *watchdog_s;                     /* of conf: after so long without a turn of the loop it is stuck; NULL:
                                                  daemon_timeout */
    bool is_eternal;                           /* neither max_use nor max_idle end it: qmgr, anvil ... */
};

int daemon_main(int argc, char **argv, const struct daemon_program *program);

const char *daemon_service_name(void);         /* -n, or the program's name: "smtp", "relay", "submission" */
const char *daemon_program_name(void);         /* argv[0]'s last part: "lmtp" for smtp started under that name */
int daemon_session_limit(void);                /* sessions or deliveries this worker may have at once; 0: no limit */
int daemon_session_room(void);                 /* has_one_client: the same, less what other workers of the service have
                                                  promised or are doing; from now on it counts as promised */
bool daemon_is_draining(void);
void **daemon_connection(struct mux *m);       /* a pointer for the program's use with each client's connection; until closed() */
unsigned daemon_session_count(void);
int daemon_worker_count(void);                 /* workers that this service is meant to have when there is work */
void daemon_exit_soon(void);                   /* drain: stop accepting, finish, exit 0 */

#endif
