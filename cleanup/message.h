/* message.h: a message on its way through cleanup, from the client's request to the store.
 */
#ifndef CLEANUP_MESSAGE_H
#define CLEANUP_MESSAGE_H

#include <stdbool.h>
#include <sys/time.h>

#include "base/arena.h"
#include "base/hash.h"
#include "base/vec.h"
#include "cleanup/image.h"
#include "ipc/attr.h"
#include "ipc/mux.h"
#include "mail/mime.h"

/* Without the line end of its last line; in the arena. */
struct header {
    const char *text;
    size_t len;
};

struct message {
    struct arena arena;            /* everything that lives as long as the message */
    const char *queue_id;
    struct timeval arrival;        /* the time in the queue id */
    int flags;                     /* enum cleanup_flag */
    int status;                    /* enum cleanup_status; not 0: it will not be stored, the rest is read and dropped */
    struct str reason;             /* for the client, when status is not 0 */

    /* envelope */
    const char *sender;            /* rewritten, internal form; NULL: none was given */
    const char *full_name, *encoding, *rewrite_context, *filter, *redirect, *verp_delimiters;
    const char *client_name, *client_address, *proto, *helo; /* for log lines */
    int sendopts, notify_mask;
    size_t recipient_count;
    struct hash seen;              /* recipients, for the elimination of duplicates */

    /* content */
    struct mime *mime;
    struct image image;
    uint64_t data_offset;          /* behind the M record */
    struct vec headers;            /* struct header *: the primary headers as they will be sent */
    struct vec header_ids;         /* their enum header_id, as pointers */
    bool has_header_end, has_body, is_resent;
    bool has_stray_cr;             /* some piece of the content has a CR that ends no line */
    unsigned hops;
    unsigned have[2];              /* which of From, Date, Message-Id, recipients there are: plain, resent */
    const char *message_id;        /* of the Message-Id header; NULL: none */
    const char *from_address;      /* the first address of From:, internal; NULL: none */
    const char *detected_encoding; /* by Content-Transfer-Encoding; NULL: none */
    struct dkim_signer *signer;    /* NULL: nobody signs it */
    size_t signature_count;
    size_t line_len;               /* of the signed body line that is not complete yet */
    uint64_t signature_room;       /* offset of a padding record for the signatures; 0: there is none */
};

enum { HAVE_FROM = 1, HAVE_DATE = 2, HAVE_MESSAGE_ID = 4, HAVE_RECIPIENT = 8 };

/* Serve one request of a client: see cleanup_client.c for its form. */
void cleanup_message_request(struct request *r);

/* It cannot be stored: the first reason stays, as in Postfix the gravest bit speaks. "": the status
 * says it all, see cleanup_words(). */
void cleanup_message_refuse(struct message *m, int status, const char *reason);

#endif
