/* scache: connections for reuse. See scache(8).
 *
 * Our smtp keeps its sessions by itself and asks nobody. The program exists because master.cf has its
 * line, and answers what an smtp of Postfix's, under this master, could ask: nothing is kept here.
 */
#include "base/stream.h"
#include "config/config.h"
#include "daemon/daemon.h"
#include "ipc/attr_stream.h"

enum { MAX_REQUEST = 4096, STATUS_NOT_THERE = 2 };

static void session(struct daemon_client *c)
{
    struct stream s;
    struct str text = {0};

    stream_init(&s, c->fd, (msec) conf.ipc_timeout * 1000);
    c->fd = -1;
    attr_put(&text, "protocol", "connection_cache_protocol");
    attr_end(&text);
    do {
        stream_add(&s, text.data, text.len);
        if (!attr_stream_read(&s, &text, MAX_REQUEST))
            break;
        str_clear(&text);
        attr_put_long(&text, "status", STATUS_NOT_THERE);
        attr_end(&text);
    } while (stream_error(&s) == STREAM_OK);
    stream_done(&s);
    str_done(&text);
}

int main(int argc, char **argv)
{
    static const struct daemon_program program = {.name = "scache", .session = session};

    return daemon_main(argc, argv, &program);
}
