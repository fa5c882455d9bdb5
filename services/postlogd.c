/* postlogd: writes the log lines of all other processes to maillog_file.
 *
 * A datagram holds one or more finished lines; all that have arrived by the time it looks are taken
 * with one system call, and leave with one. See postlogd(8).
 */
#include <string.h>

#include "base/log.h"
#include "base/loop.h"
#include "base/words.h"
#include "config/config.h"
#include "daemon/daemon.h"
#include "daemon/logging.h"
#include "daemon/postlog.h"

enum { PAUSE_US = 200 };

static void append_datagrams(int fd)
{
    loop_set_pause(PAUSE_US);
    postlog_drain(fd);
}

/* maillog_file must lie below one of maillog_file_prefixes: main.cf is not root's shell. */
static void check_prefix(void)
{
    struct arena a = {0};
    struct vec prefixes = {0};
    bool is_allowed = false;

    if (*conf.maillog_file == 0)
        fatal("the postlogd service is requested, but maillog_file is not set");
    words_split(&a, conf.maillog_file_prefixes, WORDS_LIST, &prefixes);
    for (size_t i = 0; i < prefixes.count; i++) {
        const char *prefix = prefixes.items[i];
        size_t n = strlen(prefix);
        while (n > 0 && prefix[n - 1] == '/')
            n--;
        if (strncmp(conf.maillog_file, prefix, n) == 0 && (conf.maillog_file[n] == '/' || conf.maillog_file[n] == 0))
            is_allowed = true;
    }
    if (!is_allowed)
        fatal("maillog_file '%s' does not match any prefix in maillog_file_prefixes (%s)", conf.maillog_file,
            conf.maillog_file_prefixes);
    vec_done(&prefixes, NULL);
    arena_done(&a);
    if (!logging_write_file("", 0))
        fatal("open maillog_file %s: %m", conf.maillog_file);
}

static const struct daemon_program program = {
    .name = "postlogd",
    .before_jail = check_prefix,
    .datagram = append_datagrams,
    .watchdog_s = &conf.postlogd_watchdog_timeout,
    .is_eternal = true,
};

int main(int argc, char **argv)
{
    return daemon_main(argc, argv, &program);
}
