#include "base/stream.h"

#include <errno.h>
#include <poll.h>
#include <stdarg.h>

#include "base/io.h"
#include "base/task.h"

enum { READ_BYTES = 16 * 1024, WRITE_BYTES = 32 * 1024, KEEP_BYTES = 64 * 1024 };

void stream_init(struct stream *s, int fd, msec timeout)
{
    *s = (struct stream){.fd = fd, .timeout = timeout, .deadline = NEVER};
    if (fd >= 0)
        io_own(fd);
}

void stream_done(struct stream *s)
{
    if (s->layer != NULL)
        s->layer->close(s->layer_context);
    io_close(s->fd);
    str_done(&s->in);
    str_done(&s->out);
    s->fd = -1;
    s->layer = NULL;
    s->error = STREAM_EOF;
}

void stream_relax(struct stream *s)
{
    if (s->in_next == s->in.len) {
        str_done(&s->in);
        s->in_next = 0;
    }
    if (s->out.len == 0)
        str_done(&s->out);
}

void stream_set_layer(struct stream *s, const struct stream_layer *layer, void *context)
{
    s->layer = layer;
    s->layer_context = context;
}

enum stream_error stream_error(const struct stream *s)
{
    return s->error;
}

const char *stream_error_text(const struct stream *s)
{
    switch (s->error) {
    case STREAM_OK:
        return "success";
    case STREAM_EOF:
        return "lost connection";
    case STREAM_TIMEOUT:
        return "timeout";
    case STREAM_CANCELLED:
        return "cancelled";
    case STREAM_IO:
        return strerror(s->error_number);
    }
    return "unknown error";
}

static msec next_deadline(const struct stream *s)
{
    msec deadline = s->timeout == NEVER ? NEVER : clock_after(s->timeout);

    return deadline < s->deadline ? deadline : s->deadline;
}

static void failed(struct stream *s, ssize_t result)
{
    if (s->error != STREAM_OK)
        return;
    if (result == 0 || errno == ECONNRESET || errno == EPIPE)
        s->error = STREAM_EOF;
    else if (errno == ETIMEDOUT)
        s->error = STREAM_TIMEOUT;
    else if (errno == ECANCELED)
        s->error = STREAM_CANCELLED;
    else {
        s->error = STREAM_IO;
        s->error_number = errno;
    }
}

bool stream_flush(struct stream *s)
{
    size_t done = 0;

    while (done < s->out.len && s->error == STREAM_OK) {
        msec deadline = next_deadline(s);
        ssize_t n = s->layer != NULL
            ? s->layer->write(s->layer_context, s->out.data + done, s->out.len - done, deadline)
            : io_write(s->fd, s->out.data + done, s->out.len - done, deadline);
        if (n < 0)
            failed(s, n);
        else
            done += (size_t) n;
    }
    str_clear(&s->out);
    if (s->out.room > KEEP_BYTES)
        str_done(&s->out);
    return s->error == STREAM_OK;
}

void stream_add(struct stream *s, const char *bytes, size_t n)
{
    if (s->error != STREAM_OK)
        return;
    str_add(&s->out, bytes, n);
    if (s->out.len >= WRITE_BYTES)
        stream_flush(s);
}

void stream_adds(struct stream *s, const char *text)
{
    stream_add(s, text, strlen(text));
}

void stream_addf(struct stream *s, const char *format, ...)
{
    va_list ap;

    if (s->error != STREAM_OK)
        return;
    va_start(ap, format);
    str_vaddf(&s->out, format, ap);
    va_end(ap);
    if (s->out.len >= WRITE_BYTES)
        stream_flush(s);
}

/* False: errno tells why. */
static bool await_input(struct stream *s, msec deadline)
{
    if (!io_await(s->fd, IO_READ, deadline))
        return false;
    s->is_drained = false;
    return true;
}

/* A read that did not fill the buffer has emptied the socket: the next one would only say EAGAIN,
 * so wait first. */
static ssize_t read_some(struct stream *s, char *buffer, size_t n, msec deadline)
{
    if (s->layer != NULL)
        return s->layer->read(s->layer_context, buffer, n, deadline);
    if (s->is_drained && task_self() != NULL && !await_input(s, deadline))
        return -1;
    ssize_t got = io_read(s->fd, buffer, n, deadline);
    s->is_drained = got > 0 && (size_t) got < n;
    return got;
}

/* Read more behind what is buffered; false at the end of the stream. */
static bool fill(struct stream *s)
{
    if (s->out.len > 0)
        stream_flush(s);
    if (s->error != STREAM_OK)
        return false;
    if (s->in_next == s->in.len) {
        str_clear(&s->in);
        s->in_next = 0;
    } else if (s->in_next >= READ_BYTES) {
        str_drop(&s->in, s->in_next);
        s->in_next = 0;
    }
    str_reserve(&s->in, READ_BYTES);
    ssize_t n = read_some(s, s->in.data + s->in.len, READ_BYTES, next_deadline(s));
    if (n <= 0) {
        failed(s, n);
        return false;
    }
    str_grow(&s->in, (size_t) n);
    return true;
}

size_t stream_buffered(const struct stream *s)
{
    return s->in.len - s->in_next;
}

size_t stream_peek(struct stream *s, const char **bytes)
{
    if (stream_buffered(s) == 0 && !fill(s))
        return 0;
    *bytes = s->in.data + s->in_next;
    return stream_buffered(s);
}

void stream_consume(struct stream *s, size_t n)
{
    s->in_next += n;
}

bool stream_take(struct stream *s, size_t n, struct str *out)
{
    const char *bytes;

    while (n > 0) {
        size_t got = stream_peek(s, &bytes);
        if (got == 0)
            return false;
        got = got < n ? got : n;
        str_add(out, bytes, got);
        stream_consume(s, got);
        n -= got;
    }
    return true;
}

enum line_result stream_raw_line(struct stream *s, struct str *line, size_t limit)
{
    size_t added = 0;
    const char *bytes;

    for (;;) {
        size_t n = stream_peek(s, &bytes);
        if (n == 0)
            return LINE_END;
        if (n > limit - added)
            n = limit - added;
        const char *lf = memchr(bytes, '\n', n);
        if (lf != NULL)
            n = (size_t) (lf - bytes) + 1;
        str_add(line, bytes, n);
        stream_consume(s, n);
        added += n;
        if (lf != NULL)
            return LINE_OK;
        if (added == limit)
            return LINE_TOO_LONG;
    }
}

enum line_result stream_line(struct stream *s, struct str *line, size_t limit)
{
    enum line_result result = stream_raw_line(s, line, limit);

    if (result == LINE_OK) {
        str_cut(line, line->len - 1);
        if (line->len > 0 && line->data[line->len - 1] == '\r')
            str_cut(line, line->len - 1);
    }
    return result;
}

bool stream_has_input(struct stream *s)
{
    struct pollfd p = {.fd = s->fd, .events = POLLIN};

    if (stream_buffered(s) > 0)
        return true;
    return !s->is_drained && s->error == STREAM_OK && s->fd >= 0 && poll(&p, 1, 0) > 0;
}

bool stream_wait(struct stream *s, msec deadline)
{
    if (stream_buffered(s) > 0 || !stream_flush(s) || s->fd < 0 || s->layer != NULL || await_input(s, deadline))
        return true;
    if (errno != ETIMEDOUT)
        failed(s, -1);
    return errno != ETIMEDOUT;
}
