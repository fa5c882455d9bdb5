#include "deliver/copy.h"

#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/file.h"
#include "base/io.h"
#include "config/config.h"
#include "mail/date.h"
#include "mail/quote.h"
#include "queue/record.h"

enum { WRITE_BYTES = 64 * 1024 };

/* --- errors --- */

/* RFC 3463: a full mailbox is the user's, a full disk the system's. */
static const char *status_of(const struct copy *c, int error)
{
    switch (error) {
    case EAGAIN:
    case ESTALE:
    case EEXIST:
        return "4.2.0";
    case ENOSPC:
    case ENOMEM:
    case ENFILE:
    case EMFILE:
    case EIO:
        return "4.3.0";
    case EDQUOT:
    case EFBIG:
        return "5.2.2";
    default:
        return c->default_status;
    }
}

void copy_set_error(struct copy *c, int error)
{
    snprintf(c->status, sizeof(c->status), "%s", status_of(c, error));
    c->error = error;
}

bool copy_failed(struct copy *c, int error, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    str_clear(&c->reason);
    str_vaddf(&c->reason, format, ap);
    va_end(ap);
    str_addf(&c->reason, ": %s", strerror(error));
    copy_set_error(c, error);
    return false;
}

struct dsn copy_dsn(const struct copy *c, const char *reason)
{
    return (struct dsn){.status = c->status, .action = "", .reason = reason,
        .diag_type = c->diagnostic != NULL ? "x-unix" : "", .diag_text = c->diagnostic != NULL ? c->diagnostic : "",
        .mta_type = "", .mta_name = ""};
}

bool copy_refused(struct copy *c, const char *status, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    str_clear(&c->reason);
    str_vaddf(&c->reason, format, ap);
    va_end(ap);
    snprintf(c->status, sizeof(c->status), "%s", status);
    return false;
}

/* --- the message --- */

/* Where it goes: pieces of some size. */
struct output {
    const struct copy *copy;
    const char *eol;
    struct str bytes;
    int fd;
    bool is_pipe;
    msec deadline;
};

static bool put(struct output *o)
{
    bool ok = o->is_pipe ? io_write_all(o->fd, str_text(&o->bytes), o->bytes.len, o->deadline) == 0
                         : file_write_all(o->fd, str_text(&o->bytes), o->bytes.len);

    str_clear(&o->bytes);
    return ok;
}

static void add_header(struct output *o, const char *name, const char *before, const char *address, const char *after)
{
    struct str quoted = {0};

    str_addf(&o->bytes, "%s: %s%s%s%s", name, before, quote_822(address, &quoted), after, o->eol);
    str_done(&quoted);
}

static void add_head(struct output *o)
{
    const struct copy *c = o->copy;
    struct str quoted = {0};

    if ((c->flags & COPY_FROM) != 0)
        str_addf(&o->bytes, "From %s  %s%s", *c->sender == 0 ? "MAILER-DAEMON" : quote_822(c->sender, &quoted),
            date_asctime(clock_wall().tv_sec), o->eol);
    if ((c->flags & COPY_RETURN_PATH) != 0)
        add_header(o, "Return-Path", "<", c->sender, ">");
    if ((c->flags & COPY_ORIGINAL) != 0 && *c->original != 0 && conf.enable_original_recipient)
        add_header(o, "X-Original-To", "", c->original, "");
    if ((c->flags & COPY_DELIVERED) != 0)
        add_header(o, "Delivered-To", "", c->delivered, "");
    str_done(&quoted);
}

static void add_line_start(struct output *o, const struct record *r)
{
    if ((o->copy->flags & COPY_QUOTE_FROM) != 0 && r->len >= 5 && memcmp(r->payload, "From ", 5) == 0)
        str_addc(&o->bytes, '>');
    if ((o->copy->flags & COPY_DOTS) != 0 && r->len > 0 && *r->payload == '.')
        str_addc(&o->bytes, '.');
}

static bool add_content(struct output *o)
{
    const struct copy *c = o->copy;
    struct record_reader reader = {.bytes = c->message.bytes, .n = c->message.n, .next = c->data_offset};
    struct record r;
    bool is_at_start = true;

    while (record_read(&reader, &r) == RECORD_OK) {
        if (r.type == REC_EXTRACTED) {
            str_adds(&o->bytes, is_at_start ? "" : o->eol);
            str_adds(&o->bytes, (c->flags & COPY_EMPTY_LINE) != 0 ? o->eol : "");
            return put(o);
        }
        if (r.type != REC_LINE && r.type != REC_PART)
            break;
        if (is_at_start)
            add_line_start(o, &r);
        str_add(&o->bytes, r.payload, r.len);
        is_at_start = r.type == REC_LINE;
        if (is_at_start)
            str_adds(&o->bytes, o->eol);
        if (o->bytes.len >= WRITE_BYTES && !put(o))
            return false;
    }
    errno = EBADMSG;
    return false;
}

static bool copy(struct output *o)
{
    o->eol = o->copy->eol == NULL ? "\n" : o->copy->eol;
    add_head(o);
    bool ok = add_content(o);
    int error = errno;
    str_done(&o->bytes);
    errno = error;
    return ok;
}

bool copy_to_pipe(const struct copy *c, int fd, msec deadline)
{
    struct output o = {.copy = c, .fd = fd, .is_pipe = true, .deadline = deadline};

    return copy(&o);
}

bool copy_to_file(struct copy *c, int fd)
{
    struct output o = {.copy = c, .fd = fd};

    if (copy(&o) && (fsync(fd) == 0 || errno == EINVAL)) /* EINVAL: what has no storage, as /dev/null */
        return true;
    c->error = errno;
    if (errno == EBADMSG)
        return copy_refused(c, "4.3.0", "message file corrupt");
    c->diagnostic = "input/output error";
    return copy_failed(c, errno, "error writing message");
}
