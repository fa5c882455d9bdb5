#include "cmd/postfix/rotate.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/compiler.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/program.h"
#include "base/str.h"
#include "base/task.h"
#include "base/words.h"
#include "cmd/postfix/instance.h"
#include "config/config.h"

enum { REOPEN_MIN_MS = 500, REOPEN_MAX_MS = 10000, STEP_MS = 50, NAME_BYTES = 256 };

static void require_values(void)
{
    const struct {
        const char *name, *value;
    } needed[] = {
        {"maillog_file", conf.maillog_file},
        {"maillog_file_compressor", conf.maillog_file_compressor},
        {"maillog_file_rotate_suffix", conf.maillog_file_rotate_suffix},
    };

    for (size_t i = 0; i < ARRAY_SIZE(needed); i++)
        if (*needed[i].value == 0)
            fatal("empty '%s' parameter value - logfile rotation failed", needed[i].name);
    if (strncmp(conf.maillog_file, "/dev/", 5) == 0)
        fatal("not rotating '%s'", conf.maillog_file);
}

static void name_rotated(struct str *path)
{
    char suffix[NAME_BYTES];
    time_t now = time(NULL);
    struct tm tm;

    localtime_r(&now, &tm);
    if (strftime(suffix, sizeof(suffix), conf.maillog_file_rotate_suffix, &tm) == 0)
        fatal("logfile '%s' rotation failed: bad suffix %s", conf.maillog_file, conf.maillog_file_rotate_suffix);
    str_addf(path, "%s.%s", conf.maillog_file, suffix);
}

/* Does anybody else have it open? Only then a lease is refused; who cannot ask says no. */
static bool is_in_use(const char *path)
{
    bool in_use = false;
#ifdef F_SETLEASE
    int fd = open(path, O_RDONLY | O_CLOEXEC);

    if (fd < 0)
        return false;
    in_use = fcntl(fd, F_SETLEASE, F_WRLCK) < 0 && errno == EAGAIN;
    close(fd);
#else
    (void) path;
#endif
    return in_use;
}

/* The daemons go on with the old file until they have read the configuration again. To compress it before would
 * lose their lines; somebody who looks at it with tail(1) is not waited for long. */
static void reopen(const char *old)
{
    pid_t pid = postfix_instance_pid();

    if (pid == 0)
        return;
    kill(pid, SIGHUP);
    task_sleep(REOPEN_MIN_MS);
    for (int waited = REOPEN_MIN_MS; waited < REOPEN_MAX_MS && is_in_use(old); waited += STEP_MS)
        task_sleep(STEP_MS);
}

static int compress(const char *path)
{
    struct vec argv = {0};
    char *command = mem_strdup(conf.maillog_file_compressor), *cursor = command, *word;

    while ((word = words_next(&cursor, WORDS_SPACE)) != NULL)
        vec_add(&argv, word);
    vec_add(&argv, (void *) path);
    vec_add(&argv, NULL);
    int status = program_run((const char *const *) argv.items);
    vec_done(&argv, NULL);
    mem_free(command);
    return status;
}

void postfix_rotate_maillog(void)
{
    struct str path = {0};
    struct stat st;

    require_values();
    name_rotated(&path);
    if (lstat(str_text(&path), &st) == 0)
        fatal("logfile '%s' rotation failed: %s exists", conf.maillog_file, str_text(&path));
    if (rename(conf.maillog_file, str_text(&path)) < 0)
        fatal("logfile '%s' rotation failed: rename: %m", conf.maillog_file);
    reopen(str_text(&path));
    if (compress(str_text(&path)) != 0)
        fatal("logfile '%s' rotation failed: %s failed", conf.maillog_file, conf.maillog_file_compressor);
    str_done(&path);
}
