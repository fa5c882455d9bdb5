/* mux_internal.h: what mux.c, request.c and call.c share and nobody else includes.
 *
 * mux.c moves frames; request.c is the server's side of them, call.c the client's. A connection lives
 * as long as it is referred to: by its descriptor, by each request and call, by a function that uses it.
 */
#ifndef IPC_MUX_INTERNAL_H
#define IPC_MUX_INTERNAL_H

#include "base/hash.h"
#include "base/list.h"
#include "base/loop.h"
#include "base/str.h"
#include "ipc/mux.h"

/* As they are on the wire; KINDS is none. */
enum frame_kind { HELLO, OPEN, DATA, END, CANCEL, REPLY, CREDIT, NOTE, LEAVE, KINDS };

struct frame {
    uint32_t length; /* of the payload */
    uint32_t number; /* of the request */
    uint32_t kind;
};

enum { MUX_WINDOW = 256 * 1024 }; /* bytes of data that a request may have under way */

struct mux {
    int fd;
    bool is_server, is_preamble_seen, is_closed, is_sending, is_leaving;
    const struct mux_handler *handler;
    void *context;
    struct watch *watch;
    struct turn_end flush;
    struct str in, out;
    struct hash requests;       /* server: by number; client: calls by number */
    struct list waiting;        /* server: requests that wait for max_requests */
    unsigned running;           /* server: requests in tasks */
    uint32_t last_number;       /* client */
    unsigned references;        /* see above */
};

/* A frame, sent at the end of the turn. */
void mux_put(struct mux *m, enum frame_kind kind, uint32_t number, const char *bytes, size_t n);
void mux_release(struct mux *m); /* one reference less; the last one frees it */

/* A frame from the other side; bytes has frame->length of them. */
void request_take_frame(struct mux *m, const struct frame *f, const char *bytes);
void call_take_frame(struct mux *m, const struct frame *f, const char *bytes);

/* The connection ends. */
void request_cancel_all(struct mux *m);
void call_lose_all(struct mux *m);

#endif
