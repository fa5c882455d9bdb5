/* stream.h: a buffered, two-way byte stream over a descriptor.
 *
 * Reads and writes wait as io_wait() does. After an error (lost connection, time-out,
 * cancelled) the stream stays failed: writes do nothing and reads say "end", so a command loop
 * ends by itself and nobody checks each call; stream_error() tells why. Buffers are on the heap,
 * made when first needed and given back by stream_relax().
 *
 * What is written stays in the buffer until stream_flush(), until the buffer is full, or until a
 * read must wait: so a conversation flushes at the right moments by itself.
 */
#ifndef BASE_STREAM_H
#define BASE_STREAM_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "base/clock.h"
#include "base/str.h"

enum stream_error { STREAM_OK, STREAM_EOF, STREAM_TIMEOUT, STREAM_CANCELLED, STREAM_IO };

/* How bytes move, when not by read(2) and write(2): TLS puts its own here. Both return as
 * io_read() and io_write() do, and wait by themselves. */
struct stream_layer {
    ssize_t (*read)(void *context, void *buffer, size_t n, msec deadline);
    ssize_t (*write)(void *context, const void *bytes, size_t n, msec deadline);
    void (*close)(void *context);
};

struct stream {
    int fd;
    enum stream_error error;
    int error_number;       /* errno when error is STREAM_IO */
    msec timeout;           /* for each wait; NEVER: none */
    msec deadline;          /* and no wait goes beyond this; NEVER: none */
    struct str in, out;     /* stream.c only */
    size_t in_next;         /* stream.c only */
    bool is_drained;        /* stream.c only */
    const struct stream_layer *layer;
    void *layer_context;
};

void stream_init(struct stream *s, int fd, msec timeout); /* takes fd over; io_own()s it */
void stream_done(struct stream *s);                       /* flushes nothing; closes fd */
void stream_relax(struct stream *s);                      /* give empty buffers back, before a long wait */
void stream_set_layer(struct stream *s, const struct stream_layer *layer, void *context); /* buffers must be empty */

enum stream_error stream_error(const struct stream *s);
const char *stream_error_text(const struct stream *s);    /* "lost connection", "timeout", strerror */

/* One line up to and including LF, appended to line without its LF or CRLF.
 * LINE_TOO_LONG: limit bytes were appended and more of the line follows in the next call.
 * LINE_END: nothing more, see stream_error(); an unterminated rest was appended. */
enum line_result { LINE_OK, LINE_TOO_LONG, LINE_END };
enum line_result stream_line(struct stream *s, struct str *line, size_t limit);

/* Like stream_line(), and the terminator stays in line: for those who care which it was. */
enum line_result stream_raw_line(struct stream *s, struct str *line, size_t limit);

/* What can be read, without copying: at least one byte unless the stream ended (0). The bytes
 * are good until the next call on this stream; stream_consume() takes the first n of them. */
size_t stream_peek(struct stream *s, const char **bytes);
void stream_consume(struct stream *s, size_t n);
bool stream_take(struct stream *s, size_t n, struct str *out); /* so many bytes, appended; false: it ended before */

bool stream_has_input(struct stream *s);                       /* more had come by the time of the last read */

/* Send what is buffered, and wait until there is something to read, or the stream has ended or
 * failed. False: the deadline has passed. A layer's bytes are not waited for: true. */
bool stream_wait(struct stream *s, msec deadline);
size_t stream_buffered(const struct stream *s);                /* bytes read and not yet consumed */

void stream_add(struct stream *s, const char *bytes, size_t n);
void stream_adds(struct stream *s, const char *text);
void stream_addf(struct stream *s, const char *format, ...) PRINTF(2, 3);
bool stream_flush(struct stream *s);                           /* false: the stream has failed */

#endif
