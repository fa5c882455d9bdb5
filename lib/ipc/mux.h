/* mux.h: a connection between two daemons that carries many requests at once.
 *
 * After a preamble of the client each side sends frames: length, request number, kind, payload.
 * Frames written in one turn of the loop leave together at its end. A request is opened by the
 * client with a head (attribute lists), may be followed by data, and gets one reply. Notes are
 * frames of either side that belong to no request and get no reply.
 * What arrives is handled from the loop; a request may be handled in a task of its own.
 *
 * A client that does not send the preamble is taken for a trigger (one-letter requests, as
 * postkick(1) and old programs send them): its bytes go to the trigger function.
 */
#ifndef IPC_MUX_H
#define IPC_MUX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/clock.h"
#include "base/str.h"

struct mux;
struct request;
struct call;

struct mux_handler {
    void (*request)(struct request *r);                /* server: see below; NULL: there are none */
    bool in_task;                                      /* each request in a task of its own */
    unsigned max_requests;                             /* in_task: so many at once, others wait; 0: no limit */
    void (*opened)(struct mux *m);                     /* server: a client has come; say hello here. May be NULL */
    void (*hello)(struct mux *m, const char *bytes, size_t n); /* client: the server's hello. May be NULL */
    void (*note)(struct mux *m, const char *bytes, size_t n);  /* may be NULL */
    void (*closed)(struct mux *m);                     /* the peer is gone; m is freed afterwards. May be NULL */
    void (*leaving)(struct mux *m);                    /* client: the server wants to end; start no more calls here.
                                                          m closes itself after the last reply. May be NULL */
    void (*trigger)(const char *bytes, size_t n);      /* server; NULL: triggers are ignored */
};

/* Take over a connected socket. The handler must outlive the connection. */
struct mux *mux_new_server(int fd, const struct mux_handler *handler, void *context);
struct mux *mux_new_client(int fd, const struct mux_handler *handler, void *context);
void *mux_context(const struct mux *m);
void mux_close(struct mux *m);            /* every call ends as lost, every request as cancelled, closed() is called */
void mux_leave(struct mux *m);            /* server: ask the client to go when its calls have ended */
bool mux_is_leaving(const struct mux *m); /* client: no more calls here */
void mux_hello(struct mux *m, const struct str *payload);
void mux_note(struct mux *m, const struct str *payload);
size_t mux_unsent(const struct mux *m);   /* bytes that wait to be sent: for flow control of notes */
unsigned mux_request_count(const struct mux *m); /* server: requests that are not replied to */

/* --- server: a request --- */
const char *request_head(const struct request *r, size_t *n);  /* good until the reply */
struct mux *request_mux(const struct request *r);

/* The data that has come since the last call replaces what is in data; waits for some (only with
 * in_task). False: at the end, or when the client cancelled or is gone: see request_is_cancelled(). */
bool request_read(struct request *r, struct str *data);
bool request_is_cancelled(const struct request *r);

/* Answer, and end the request: r is gone. Must be called exactly once, also when it was cancelled
 * (nothing is sent then). A request in a task must have its reply before its function returns. */
void request_reply(struct request *r, const struct str *payload);

/* --- client: a call --- */
/* reply is NULL when the connection was lost. Runs from the loop, once; the call is gone after. */
typedef void call_done(void *arg, const char *reply, size_t n);
struct call *call_start(struct mux *m, const struct str *head, call_done *done, void *arg);
bool call_data(struct call *c, const char *bytes, size_t n); /* waits while the server is behind; false: lost */
void call_end(struct call *c);                               /* no more data will come */
void call_cancel(struct call *c);                            /* done will not be called; NULL is accepted */

#endif
