#include "base/log.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "base/str.h"
#include "base/utf8.h"

enum { MAX_SINKS = 4, MAX_LINES = 256, MAX_TEXT = 2000 };

static const char *const severity_words[] = {"", "warning: ", "error: ", "fatal: ", "panic: "};

static struct {
    log_sink *sink;
    void *context;
} sinks[MAX_SINKS];
static size_t sink_count;

static struct str texts;                  /* the buffered lines, one NUL after each */
static struct log_line lines[MAX_LINES];  /* text is filled in at the flush: texts moves as it grows */
static size_t line_count;
static bool is_buffering;
static bool is_flushing;                  /* a sink that logs would come back here */
static bool is_ascii_only;

static char *tag;
static int fatal_status = 1;
static void (*run_before_exit)(void);

int log_verbose;

void log_set_tag(const char *text)
{
    log_flush();
    mem_free(tag);
    tag = mem_strdup(text);
}

const char *log_tag(void)
{
    return tag == NULL ? "unknown" : tag;
}

void log_add_sink(log_sink *sink, void *context)
{
    if (sink_count == MAX_SINKS)
        panic("log_add_sink: more than %d sinks", MAX_SINKS);
    log_flush();
    sinks[sink_count].sink = sink;
    sinks[sink_count].context = context;
    sink_count++;
}

void log_remove_sinks(void)
{
    log_flush();
    sink_count = 0;
}

void log_sink_stderr(void *context, const struct log_line *due, size_t count)
{
    struct str out = {0};

    for (size_t i = 0; i < count; i++)
        str_addf(&out, "%s: %s\n", context == NULL ? log_tag() : (const char *) context, due[i].text);
    size_t done = 0;
    while (done < out.len) {
        ssize_t n = write(STDERR_FILENO, out.data + done, out.len - done);
        if (n <= 0)
            break;
        done += (size_t) n;
    }
    str_done(&out);
}

void log_allow_utf8(bool on)
{
    is_ascii_only = !on;
}

void log_flush(void)
{
    if (line_count == 0 || is_flushing)
        return;
    is_flushing = true;
    char *text = texts.data;
    for (size_t i = 0; i < line_count; i++) {
        lines[i].text = text;
        text += lines[i].len + 1;
    }
    if (sink_count == 0)
        log_sink_stderr(NULL, lines, line_count);
    for (size_t i = 0; i < sink_count; i++)
        sinks[i].sink(sinks[i].context, lines, line_count);
    line_count = 0;
    str_clear(&texts);
    is_flushing = false;
}

/* Bytes from foreign hands may be in any line: terminal escapes, newlines and what is not UTF-8
 * must not reach a log. */
static void mask_unprintable(char *text, size_t len)
{
    bool is_utf8 = !is_ascii_only && utf8_is_valid(text, len);

    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char) text[i];
        if (c < ' ' || c == 0x7f || (c >= 0x80 && !is_utf8))
            text[i] = '?';
    }
}

static void add(enum log_severity severity, const char *format, va_list ap)
{
    if (is_flushing)
        return;
    size_t start = texts.len;
    str_adds(&texts, severity_words[severity]);
    size_t text = texts.len;
    str_vaddf(&texts, format, ap);
    if (texts.len - text > MAX_TEXT) /* as Postfix does, since what takes the lines may do worse */
        str_cut(&texts, text + utf8_cut(texts.data + text, MAX_TEXT));
    mask_unprintable(texts.data + start, texts.len - start);
    lines[line_count++] = (struct log_line){
        .severity = severity, .when = clock_seconds(), .len = texts.len - start};
    str_addc(&texts, 0);
    if (!is_buffering || severity != LOG_LINE_INFO || line_count == MAX_LINES)
        log_flush();
}

static void add_text(enum log_severity severity, const char *format, ...) PRINTF(2, 3);
static void add_text(enum log_severity severity, const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    add(severity, format, ap);
    va_end(ap);
}

void log_line(enum log_severity severity, const char *text)
{
    add_text(severity, "%s", text);
}

void log_info(const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    add(LOG_LINE_INFO, format, ap);
    va_end(ap);
}

void log_warn(const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    add(LOG_LINE_WARNING, format, ap);
    va_end(ap);
}

void log_error(const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    add(LOG_LINE_ERROR, format, ap);
    va_end(ap);
}

void fatal(const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    add(LOG_LINE_FATAL, format, ap);
    va_end(ap);
    if (run_before_exit != NULL) {
        void (*once)(void) = run_before_exit;
        run_before_exit = NULL;
        once();
    }
    exit(fatal_status);
}

void panic(const char *format, ...)
{
    va_list ap;

    va_start(ap, format);
    add(LOG_LINE_PANIC, format, ap);
    va_end(ap);
    abort();
}

void log_buffer(bool on)
{
    is_buffering = on;
    if (!on)
        log_flush();
}

void log_on_fatal(void (*before_exit)(void))
{
    run_before_exit = before_exit;
}

void log_set_fatal_status(int status)
{
    fatal_status = status;
}
