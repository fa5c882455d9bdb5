/* cleanup_worker.h: the connections to the workers of the cleanup service, for cleanup_client.c.
 *
 * A worker tells in its greeting who it is and how many of them there are. Where there are several
 * (where messages are signed, one processor is not enough), this process keeps a connection to each
 * and gives a new message to the one that has the fewest.
 *
 * The greeting is an attribute list: id_slot (from which this connection makes queue ids), store
 * ("journal", or "file": queue ids must be asked for), pid, workers.
 */
#ifndef MAIL_CLEANUP_WORKER_H
#define MAIL_CLEANUP_WORKER_H

#include <stdbool.h>

#include "ipc/mux.h"

struct cleanup_worker {
    struct client *client;
    struct mux *mux;          /* whose greeting has come; NULL: none */
    bool stores_files;
    unsigned id_slot;
    long pid;
    unsigned message_count;   /* that are under way; the caller counts */
};

/* Waits at most until the deadline. NULL: cleanup cannot be reached. */
struct cleanup_worker *cleanup_worker_get(msec deadline);

#endif
