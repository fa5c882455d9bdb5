/* postlogd: writes the log lines of all other processes to maillog_file.
 *
 * A datagram holds one or more finished lines; all that have arrived by the time it looks leave in
 * one write. See postlogd(8).
 */
#include <errno.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/words.h"
#include "config/config.h"
#include "daemon/daemon.h"
#include "daemon/logging.h"

enum { DATAGRAM_BYTES = 64 * 1024, MAX_PENDING = 1024 * 1024 };

static struct str pending;

static void append_datagrams(int fd)
{
    str_clear(&pending);
    while (pending.len < MAX_PENDING) {
        str_reserve(&pending, DATAGRAM_BYTES);
        ssize_t n = recv(fd, pending.data + pending.len, DATAGRAM_BYTES, MSG_DONTWAIT);
        if (n <= 0)
            break;
        str_grow(&pending, (size_t) n);
        if (pending.data[pending.len - 1] != '\n')
            str_addc(&pending, '\n');
    }
    if (pending.len > 0 && !logging_write_file(pending.data, pending.len)) {
        log_remove_sinks();
        log_warn("write %s: %m", conf.maillog_file);
        logging_reopen_file();
    }
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
    .is_eternal = true,
};

int main(int argc, char **argv)
{
    return daemon_main(argc, argv, &program);
}
