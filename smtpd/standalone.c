#include "smtpd/standalone.h"

#include <unistd.h>

#include "base/io.h"

static ssize_t read_stdin(void *context, void *buffer, size_t n, msec deadline)
{
    (void) context;
    return io_read(STDIN_FILENO, buffer, n, deadline);
}

static ssize_t write_stdout(void *context, const void *bytes, size_t n, msec deadline)
{
    (void) context;
    return io_write(STDOUT_FILENO, bytes, n, deadline);
}

static void leave_open(void *context)
{
    (void) context;
}

void smtpd_standalone_attach(struct stream *s)
{
    static const struct stream_layer layer = {.read = read_stdin, .write = write_stdout, .close = leave_open};

    stream_set_layer(s, &layer, NULL);
}
