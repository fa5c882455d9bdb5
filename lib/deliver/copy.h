/* copy.h: a message from the queue, as agents hand it out: to a mailbox, a maildir, a command.
 *
 * In front of it come, as flags say and in this order: "From ", Return-Path, X-Original-To, Delivered-To.
 */
#ifndef DELIVER_COPY_H
#define DELIVER_COPY_H

#include <stdbool.h>

#include "base/clock.h"
#include "base/str.h"
#include "mail/dsn.h"
#include "queue/location.h"

enum copy_flag {
    COPY_FROM = 1 << 0,        /* "From sender  date" */
    COPY_RETURN_PATH = 1 << 1,
    COPY_ORIGINAL = 1 << 2,    /* X-Original-To, if it is known */
    COPY_DELIVERED = 1 << 3,   /* Delivered-To */
    COPY_QUOTE_FROM = 1 << 4,  /* '>' before lines that begin with "From " */
    COPY_DOTS = 1 << 5,        /* a '.' before lines that begin with one */
    COPY_EMPTY_LINE = 1 << 6   /* behind it */
};
enum {
    COPY_HEADERS = COPY_RETURN_PATH | COPY_ORIGINAL | COPY_DELIVERED,
    COPY_MAILBOX = COPY_FROM | COPY_HEADERS | COPY_QUOTE_FROM | COPY_EMPTY_LINE
};

struct copy {
    unsigned flags;                              /* enum copy_flag */
    const char *eol;                             /* NULL: "\n" */
    const char *sender, *original, *delivered;   /* internal form; quoted here. original may be "" */
    struct message_bytes message;
    uint64_t data_offset;
    const char *default_status;                  /* of file errors that have none of their own: "5.2.0" */
    /* the outcome */
    char status[DSN_STATUS_SIZE];
    struct str reason;
    const char *diagnostic;                      /* of type x-unix; NULL: the reason says all */
    int error;                                   /* errno, if that was the cause; EBADMSG: a damaged message */
};

/* Write and sync. False: status and reason say why; what was written may be incomplete. */
bool copy_to_file(struct copy *c, int fd);

/* Write to a pipe or socket that does not block, in a task. False: errno; status and reason are not set. */
bool copy_to_pipe(const struct copy *c, int fd, msec deadline);

/* For an error of the file system: its status, and as reason the text, a colon and the error. Always false. */
bool copy_failed(struct copy *c, int error, const char *format, ...) PRINTF(3, 4);

/* Only the status of an error; the reason is there. */
void copy_set_error(struct copy *c, int error);

/* As copy_failed() where the status is known, and the text says all. */
bool copy_refused(struct copy *c, const char *status, const char *format, ...) PRINTF(3, 4);

/* What became of it, where it failed; reason: what the log says. */
struct dsn copy_dsn(const struct copy *c, const char *reason);

#endif
