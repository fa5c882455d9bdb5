/* copy.h: a message from the queue into a mailbox.
 */
#ifndef VIRTUAL_COPY_H
#define VIRTUAL_COPY_H

#include <stdbool.h>

#include "base/str.h"
#include "mail/delivery.h"

struct copy {
    const struct delivery *d;
    const struct delivery_recipient *r;
    struct message_bytes message;
    bool is_mailbox;       /* "From " in front, ">From " inside, an empty line behind */
    /* the outcome */
    char status[DSN_STATUS_SIZE];
    struct str reason;
    int error;             /* errno, if that was the cause */
};

/* Write and sync the message with Return-Path, X-Original-To and Delivered-To in front. False:
 * status and reason say why; what was written may be incomplete. */
bool virtual_copy(struct copy *c, int fd);

/* For an error of the file system: its status, and "what path: strerror". Always false. */
bool virtual_copy_failed(struct copy *c, int error, const char *what, const char *path);

#endif
