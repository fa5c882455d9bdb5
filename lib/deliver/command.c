#include "deliver/command.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "base/io.h"
#include "base/log.h"
#include "deliver/command_status.h"

enum { READ_BYTES = 4096 };

/* A command that is running; collect() and command_run() are the two tasks that see it. */
struct run {
    struct child *child;
    int in, out;               /* our ends */
    msec deadline;
    struct str output;
    bool is_collected, has_failed; /* collect(): is over; was not by the end of the output */
    struct cond collected;
};

static void keep(struct run *r, const char *bytes, size_t n)
{
    size_t room = COMMAND_OUTPUT_MAX - r->output.len;

    str_add(&r->output, bytes, n < room ? n : room);
}

/* A command that prints much before it reads must not wait for us while we wait for it. */
static void collect(void *arg)
{
    struct run *r = arg;
    char bytes[READ_BYTES];
    ssize_t n;

    while ((n = io_read(r->out, bytes, sizeof(bytes), r->deadline)) > 0)
        keep(r, bytes, (size_t) n);
    r->has_failed = n < 0;
    r->is_collected = true;
    cond_wake_all(&r->collected);
}

static void close_end(int fd)
{
    if (fd >= 0)
        close(fd);
}

static bool start(const struct command *c, struct run *r)
{
    int in[2] = {-1, -1}, out[2] = {-1, -1};

    if (pipe2(in, O_CLOEXEC) == 0 && pipe2(out, O_CLOEXEC) == 0)
        r->child = child_start(&c->program, in[0], out[1], out[1]);
    int error = errno;
    close_end(in[0]);
    close_end(out[1]);
    if (r->child == NULL) {
        close_end(in[1]);
        close_end(out[0]);
        errno = error;
        return false;
    }
    r->in = in[1];
    r->out = out[0];
    io_own(r->in);
    io_own(r->out);
    return true;
}

/* 0, or why the message is not all there. */
static int send_message(const struct command *c, struct run *r)
{
    int error = c->send(c->context, r->in, r->deadline) ? 0 : errno;

    io_close(r->in);
    if (error == ETIMEDOUT)
        log_warn("pipe_command_write: write time limit exceeded");
    return error == EPIPE ? 0 : error;
}

/* Until the end of the output, then of the command. False: time is up. */
static bool wait_for_end(struct run *r, int *status)
{
    while (!r->is_collected && cond_wait(&r->collected, NEVER) == WAKE_READY)
        ;
    if (r->has_failed)
        log_warn("pipe_command_read: read time limit exceeded");
    return r->is_collected && !r->has_failed && child_wait(r->child, r->deadline, status) == WAKE_READY;
}

/* Nothing of ours is left running: collect() lives on our stack. */
static void end(struct run *r)
{
    child_free(r->child);
    io_close(r->out);
    while (!r->is_collected)
        task_yield();
}

static enum command_result result_of(int send_error, bool has_ended, int status, const char *name,
    struct command_outcome *o)
{
    if (send_error == EBADMSG)
        return COMMAND_CORRUPT;
    if (!has_ended)
        command_status_of_timeout(name, o);
    else if (status == 0 && send_error != 0) /* it cannot know that it got a part */
        command_status_of_error("write message to command", send_error, o);
    else
        command_status_of_exit(status, name, o);
    return *o->status == '2' ? COMMAND_DONE : COMMAND_FAILED;
}

enum command_result command_run(const struct command *c, struct command_outcome *o)
{
    const char *name = c->program.line != NULL ? c->program.line : c->program.argv[0];
    struct run r = {.deadline = clock_after((msec) c->time_limit_s * 1000)};
    bool has_ended = false;
    int status = 0;

    if (!start(c, &r)) {
        command_status_of_error("unable to start command", errno, o);
        return COMMAND_FAILED;
    }
    cond_init(&r.collected);
    task_start(collect, &r);
    int error = send_message(c, &r);
    if (error != EBADMSG && error != ETIMEDOUT)
        has_ended = wait_for_end(&r, &status);
    end(&r);
    o->output = r.output;
    return result_of(error, has_ended, status, name, o);
}

void command_outcome_done(struct command_outcome *o)
{
    str_done(&o->output);
    str_done(&o->reason);
    str_done(&o->diagnostic);
}
