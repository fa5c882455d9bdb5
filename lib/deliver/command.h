/* command.h: a message given to a command that runs as somebody else (child.h says how).
 *
 * The command gets the message on its standard input. What it prints is collected, up to
 * COMMAND_OUTPUT_MAX bytes; more is read and thrown away. Beyond the time limit it and its process group
 * are killed. What became of it is told in the words of sysexits(3), unless its output begins with a
 * status of its own ("4.2.2 over quota").
 *
 * Runs in a task; other tasks go on meanwhile. Warnings of a command that could not be executed or took too
 * long are logged here; the outcome is the caller's to log.
 */
#ifndef DELIVER_COMMAND_H
#define DELIVER_COMMAND_H

#include <stdbool.h>

#include "base/clock.h"
#include "base/str.h"
#include "deliver/child.h"
#include "mail/dsn.h"

enum { COMMAND_OUTPUT_MAX = 4095 };

struct command {
    struct child_program program;
    int time_limit_s;
    /* Write the message to fd, a pipe that does not block: with io_write_all() and this deadline. False: not all
     * of it, and errno is the cause. EPIPE, the command does not want more, is no failure; EBADMSG means that
     * the message in the queue is damaged. */
    bool (*send)(void *context, int fd, msec deadline);
    void *context;
};

enum command_result {
    COMMAND_DONE,      /* exit status 0 */
    COMMAND_FAILED,    /* for good, or not yet, as dsn.status says */
    COMMAND_CORRUPT    /* the message could not be read; the command was killed */
};

struct command_outcome {
    struct dsn dsn;                 /* done: 2.0.0 without text; failed: with reason and diagnostic. Text lies here: */
    struct str output;              /* what it printed, fit for a log: one line, blanks at the end cut off */
    struct str reason, diagnostic;
    char status[DSN_STATUS_SIZE];
};

/* The outcome must be zero-filled. */
enum command_result command_run(const struct command *c, struct command_outcome *o);
void command_outcome_done(struct command_outcome *o);

#endif
