/* logging.h: where main.cf says that log lines go: syslog, or maillog_file by way of postlogd.
 */
#ifndef DAEMON_LOGGING_H
#define DAEMON_LOGGING_H

#include <stdbool.h>

enum logging_for {
    LOGGING_DAEMON,   /* the log only */
    LOGGING_COMMAND,  /* and standard error */
    LOGGING_MASTER    /* the log file itself: master must not wait for a daemon that it has yet to start */
};

/* After config_load(), in the queue directory. Tag: syslog_name/program (MAIL_LOGTAG for a command that a
 * daemon's name does not fit). Safe to call again after main.cf has changed. program is kept. */
void logging_open(const char *program, enum logging_for whom);

/* Before config_load(): if that finds a bad value, the fatal line goes where main.cf, as far as it
 * could be read, says that lines go; and to standard error. */
void logging_open_early(const char *program);

/* Append lines, each ending in a newline, to maillog_file: postlogd's work. False: errno. */
bool logging_write_file(const char *lines, unsigned long n);
void logging_reopen_file(void); /* after the file was rotated */

#endif
