#include "daemon/postlog.h"

#include <errno.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>

#include "base/log.h"
#include "base/str.h"
#include "config/config.h"
#include "daemon/logging.h"

enum { DATAGRAMS = 10, DATAGRAM_BYTES = 64 * 1024, MAX_PENDING = 1024 * 1024 };

static char buffers[DATAGRAMS][DATAGRAM_BYTES];

/* Append those that have arrived. False: there are no more. */
static bool receive(int fd, struct str *lines)
{
    struct mmsghdr messages[DATAGRAMS];
    struct iovec pieces[DATAGRAMS];

    for (int i = 0; i < DATAGRAMS; i++) {
        pieces[i] = (struct iovec){.iov_base = buffers[i], .iov_len = DATAGRAM_BYTES};
        messages[i] = (struct mmsghdr){.msg_hdr = {.msg_iov = &pieces[i], .msg_iovlen = 1}};
    }
    int count = recvmmsg(fd, messages, DATAGRAMS, MSG_DONTWAIT, NULL);
    for (int i = 0; i < count; i++) {
        str_add(lines, buffers[i], messages[i].msg_len);
        if (lines->len > 0 && lines->data[lines->len - 1] != '\n')
            str_addc(lines, '\n');
    }
    return count == DATAGRAMS;
}

void postlog_drain(int fd)
{
    static struct str lines; /* kept: this runs once per turn */
    bool has_more = true;

    while (has_more) {
        str_clear(&lines);
        while ((has_more = receive(fd, &lines)) && lines.len < MAX_PENDING)
            continue;
        if (lines.len > 0 && !logging_write_file(lines.data, lines.len)) {
            int cause = errno;
            log_remove_sinks();
            log_warn("write %s: %s", conf.maillog_file, strerror(cause));
            logging_reopen_file();
        }
    }
}
