/* capture.h: the log lines that a test causes, joined by '|', and files for it to read.
 */
#ifndef TESTS_CAPTURE_H
#define TESTS_CAPTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "base/log.h"
#include "base/str.h"

static struct str captured;
static char capture_dir[] = "/tmp/table_test.XXXXXX";
static bool capture_has_dir;

static void capture_sink(void *context, const struct log_line *lines, size_t count)
{
    (void) context;
    for (size_t i = 0; i < count; i++)
        str_addf(&captured, "%s%.*s", captured.len == 0 ? "" : "|", (int) lines[i].len, lines[i].text);
}

static inline int capture_setup(void **state)
{
    (void) state;
    log_remove_sinks();
    log_add_sink(capture_sink, NULL);
    return 0;
}

static inline int capture_teardown(void **state)
{
    (void) state;
    log_remove_sinks();
    str_done(&captured);
    if (capture_has_dir && (chdir(capture_dir) < 0 || system("rm -rf \"$PWD\"") != 0))
        return -1;
    return 0;
}

/* What was logged since the last call; valid until the next line. */
static inline const char *capture_take(void)
{
    static char text[16384];

    log_flush();
    snprintf(text, sizeof(text), "%s", str_text(&captured));
    str_clear(&captured);
    return text;
}

/* A private directory to work in; it becomes the current one. */
static inline void capture_enter_dir(void)
{
    assert_non_null(mkdtemp(capture_dir));
    capture_has_dir = true;
    assert_int_equal(chdir(capture_dir), 0);
}

static inline void capture_write(const char *path, const char *text)
{
    FILE *f = fopen(path, "w");

    assert_non_null(f);
    fputs(text, f);
    fclose(f);
}

#endif
