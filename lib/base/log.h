/* log.h: what the program tells the operator.
 *
 * One call is one line, without its newline, cut to 2,000 bytes; bytes that are not printable become '?'.
 * Lines are buffered and leave together: at the end of each turn of the loop (or after
 * 200 ms), at once for a warning or worse, at once in a program without a loop.
 * The severities print as "", "warning: ", "error: ", "fatal: ", "panic: ".
 *
 * Where they go is a set of sinks. Until the first log_add_sink(), standard error is it.
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include <stdbool.h>
#include <stddef.h>
#include <time.h>

#include "base/compiler.h"

enum log_severity { LOG_LINE_INFO, LOG_LINE_WARNING, LOG_LINE_ERROR, LOG_LINE_FATAL, LOG_LINE_PANIC };

struct log_line {
    enum log_severity severity;
    time_t when;
    const char *text; /* severity word and text, no newline, NUL-terminated */
    size_t len;
};

/* Takes lines that have come due. It must not wait for long, and must not log. */
typedef void log_sink(void *context, const struct log_line *lines, size_t count);

void log_set_tag(const char *tag);  /* "postfix/smtpd"; copied. What sinks print before [pid]: */
const char *log_tag(void);          /* never NULL */
void log_add_sink(log_sink *sink, void *context);
void log_remove_sinks(void);        /* back to standard error */
void log_sink_stderr(void *context, const struct log_line *lines, size_t count); /* "tag: text"; context: another tag, or NULL */

void log_info(const char *format, ...) PRINTF(1, 2);
void log_warn(const char *format, ...) PRINTF(1, 2);
void log_error(const char *format, ...) PRINTF(1, 2);
void fatal(const char *format, ...) PRINTF(1, 2) NORETURN;  /* the machine or the configuration is unfit: exit */
void panic(const char *format, ...) PRINTF(1, 2) NORETURN;  /* we have a bug: core dump */

/* A line with a severity that is data. LOG_LINE_FATAL and LOG_LINE_PANIC return here. */
void log_line(enum log_severity severity, const char *text);

void log_allow_utf8(bool on);            /* or only ASCII counts as printable; at first, UTF-8 does */
void log_flush(void);
void log_buffer(bool on);                /* the loop switches this on */
void log_on_fatal(void (*before_exit)(void)); /* run once, before fatal() ends the process */
void log_set_fatal_status(int status);   /* exit status of fatal(); 1 unless set */

extern int log_verbose;                  /* how often -v was given */

#endif
