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
#include "mail/checks.h"
#include "mail/mime.h"

/* Without the line end of its last line; in the arena. */
struct header {
    const char *text;
    size_t len;
};

/* Which functions of inspect.h have something to say about a message. */
enum inspect_flag { INSPECT_HEADERS = 1 << 0, INSPECT_BODY = 1 << 1, INSPECT_CHARACTERS = 1 << 2 };

struct message {
    struct arena arena;            /* everything that lives as long as the message */
    const char *queue_id;
    struct timeval arrival;        /* the time in the queue id */
    int flags;                     /* enum cleanup_flag */
    int status;                    /* enum cleanup_status; not 0: it will not be stored, the rest is read and dropped */
    struct str reason;             /* for the client, when status is not 0 */
    bool is_over;                  /* nothing of it will be used: not stored, and not returned to its sender either */

    /* envelope */
    const char *sender;            /* rewritten, internal form; NULL: none was given */
    const char *full_name, *encoding, *rewrite_context, *filter, *redirect, *verp_delimiters;
    const char *origin, *proto, *helo; /* for log lines: "name[address]" */
    const char *recipient;         /* the last one, rewritten, for log lines; NULL: none */
    int sendopts, notify_mask;
    size_t recipient_count;
    struct hash seen;              /* recipients, for the elimination of duplicates */
    struct vec bcc;                /* const char *: copies that header and body checks have asked for */
    bool has_trace;                /* there may be a trace log already: trace.h */

    /* content */
    int inspects;                  /* enum inspect_flag */
    struct check found;            /* by header and body checks */
    struct str line;               /* that is not complete, of content whose characters are looked at */
    struct mime *mime;
    struct image image;
    uint64_t data_offset;          /* behind the M record */
    struct vec headers;            /* struct header *: the primary headers as they will be sent */
    struct vec header_ids;         /* their enum header_id, as pointers */
    bool has_header_end, has_body, is_resent;
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

/* It is accepted, and goes nowhere. */
void cleanup_message_discard(struct message *m);

/* There is text: if it is UTF-8 and the message may have some, it needs SENDOPT_... on its way. */
void cleanup_message_note_utf8(struct message *m, const char *text, size_t len, int sendopt);

#endif
