/* client.h: a service of this instance, by name; connected when first needed, and again after it
 * was lost. Paths are relative to the queue directory, which is every daemon's working directory.
 */
#ifndef IPC_CLIENT_H
#define IPC_CLIENT_H

#include "ipc/mux.h"

struct client;

/* "private/rewrite". Notes and hellos go to the handler, which may be NULL. */
struct client *client_new(const char *path, const struct mux_handler *handler, void *context);
void client_free(struct client *c);        /* not while something is asked; NULL is accepted */
void *client_context(const struct mux *m); /* in a handler: the context that client_new() was given */

/* The connection, made if there is none; NULL: the service cannot be reached now (errno). Waits at
 * most until the deadline. Outside of tasks with deadline 0 it does not wait at all. */
struct mux *client_mux(struct client *c, msec deadline);

/* Ask and wait for the answer, which replaces what is in reply. A connection that is lost or cannot
 * be made is tried again, once a second, until the deadline: only for questions that may be asked
 * twice. False: no answer. Must run in a task. */
bool client_ask(struct client *c, const struct str *request, struct str *reply, msec deadline);

/* The same for what must not be asked twice: one try. */
bool client_ask_once(struct client *c, const struct str *request, struct str *reply, msec deadline);

/* The same without waiting, for what is driven by the loop: done(arg, reply, n) runs from the loop,
 * once, with reply NULL if there was no answer until the deadline. The request is copied; the client
 * must live until then. */
void client_ask_async(struct client *c, const struct str *request, msec deadline, call_done *done, void *arg);

/* Send request letters to a service, as postkick(1) does. False: errno. Needs no loop. */
bool client_trigger(const char *path, const char *letters);

#endif
