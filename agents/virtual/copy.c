#include "agents/virtual/copy.h"

#include <errno.h>
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/file.h"
#include "config/config.h"
#include "mail/date.h"
#include "mail/quote.h"
#include "queue/record.h"

enum { WRITE_BYTES = 64 * 1024 };

/* RFC 3463: a full mailbox is the user's, a full disk the system's. */
static const char *status_of(int error)
{
    switch (error) {
    case EDQUOT:
    case EFBIG:
        return "5.2.2";
    case ENOSPC:
    case ENFILE:
    case EMFILE:
    case EIO:
        return "4.3.0";
    case EACCES:
    case EPERM:
    case EAGAIN:
    case EROFS:
    case ESTALE:
    case ETIMEDOUT:
    case EEXIST:
        return "4.2.0";
    default:
        return "5.2.0";
    }
}

bool virtual_copy_failed(struct copy *c, int error, const char *what, const char *path)
{
    snprintf(c->status, sizeof(c->status), "%s", status_of(error));
    c->error = error;
    str_setf(&c->reason, "%s %s: %s", what, path, strerror(error));
    return false;
}

static void add_header(struct str *out, const char *name, const char *before, const char *address, const char *after)
{
    struct str quoted = {0};

    str_addf(out, "%s: %s%s%s\n", name, before, quote_822(address, &quoted), after);
    str_done(&quoted);
}

static void add_head(struct copy *c, struct str *out)
{
    struct str quoted = {0};

    if (c->is_mailbox)
        str_addf(out, "From %s  %s\n", *c->d->sender == 0 ? "MAILER-DAEMON" : quote_822(c->d->sender, &quoted),
            date_asctime(clock_wall().tv_sec));
    add_header(out, "Return-Path", "<", c->d->sender, ">");
    if (*c->r->original != 0)
        add_header(out, "X-Original-To", "", c->r->original, "");
    add_header(out, "Delivered-To", "", c->r->address, "");
    str_done(&quoted);
}

static bool write_out(struct copy *c, int fd, struct str *out)
{
    bool ok = file_write_all(fd, out->data, out->len);

    if (!ok)
        virtual_copy_failed(c, errno, "write", "message");
    str_clear(out);
    return ok;
}

/* False: not a message any more, or not written. */
static bool copy_lines(struct copy *c, int fd, struct str *out)
{
    struct record_reader reader = {.bytes = c->message.bytes, .n = c->message.n, .next = c->d->data_offset};
    struct record r;
    bool is_at_start = true;

    while (record_read(&reader, &r) == RECORD_OK) {
        if (r.type == REC_EXTRACTED) {
            str_adds(out, is_at_start ? "" : "\n");
            str_adds(out, c->is_mailbox ? "\n" : "");
            return write_out(c, fd, out);
        }
        if (r.type != REC_LINE && r.type != REC_PART)
            break;
        if (c->is_mailbox && is_at_start && r.len >= 5 && memcmp(r.payload, "From ", 5) == 0)
            str_addc(out, '>');
        str_add(out, r.payload, r.len);
        is_at_start = r.type == REC_LINE;
        if (is_at_start)
            str_addc(out, '\n');
        if (out->len >= WRITE_BYTES && !write_out(c, fd, out))
            return false;
    }
    snprintf(c->status, sizeof(c->status), "4.3.0");
    str_set(&c->reason, "message file corrupt");
    return false;
}

bool virtual_copy(struct copy *c, int fd)
{
    struct str out = {0};

    add_head(c, &out);
    bool ok = copy_lines(c, fd, &out);
    if (ok && fsync(fd) < 0)
        ok = virtual_copy_failed(c, errno, "sync", "message");
    str_done(&out);
    return ok;
}
