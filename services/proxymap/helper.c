#include "services/proxymap/helper.h"

#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/log.h"
#include "ipc/attr_stream.h"
#include "table/proxy.h"

static enum proxy_status status_of(enum table_result result)
{
    switch (result) {
    case TABLE_FOUND: return PROXY_OK;
    case TABLE_ABSENT: return PROXY_NOKEY;
    case TABLE_ERROR: return PROXY_RETRY;
    }
    panic("unknown table result %d", (int) result);
}

static enum proxy_status look_up(struct attrs *list, struct str *value)
{
    const char *table = attrs_text(list, "table", "");
    enum table_result result = table_find(table_open(table, 0), attrs_text(list, "key", ""), value);

    if (result != TABLE_FOUND || value->len < PROXY_REPLY_MAX - PROXY_REQUEST_MAX)
        return status_of(result);
    log_warn("table %s: an answer of %zu bytes is too long", table, value->len);
    return PROXY_RETRY;
}

/* What proxymap does at a signal is not for its copies. */
static void forget_signals(void)
{
    signal(SIGTERM, SIG_DFL);
    signal(SIGCHLD, SIG_DFL);
    signal(SIGHUP, SIG_IGN);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
}

void proxymap_helper_run(int fd)
{
    struct stream s;
    struct str request = {0}, reply = {0}, value = {0};
    struct attrs list;

    forget_signals();
    stream_init(&s, fd, NEVER);
    while (attr_stream_read(&s, &request, PROXY_REQUEST_MAX)) {
        const char *cursor = str_text(&request);
        str_clear(&value);
        if (!attrs_parse(&cursor, cursor + request.len, &list))
            break;
        enum proxy_status status = look_up(&list, &value);
        str_clear(&reply);
        attr_put_long(&reply, "status", status);
        attr_put(&reply, "value", status == PROXY_OK ? str_text(&value) : "");
        attr_end(&reply);
        stream_add(&s, str_text(&reply), reply.len);
        log_flush();
        if (!stream_flush(&s))
            break;
    }
    log_flush();
    _exit(0);
}
