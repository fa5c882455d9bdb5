/* smtp, lmtp: mail on to the next server. See README.md. */
#include <string.h>

#include "base/log.h"
#include "config/config.h"
#include "config/interfaces.h"
#include "daemon/agent.h"
#include "mail/cleanup_client.h"
#include "mail/debug_peer.h"
#include "mail/postmaster.h"
#include "smtp/filter.h"
#include "smtp/hello.h"
#include "smtp/pool.h"
#include "smtp/reply_filter.h"
#include "smtp/route.h"

static const char *flags = "";

static void before_jail(void)
{
    postmaster_classes(); /* bad values are to stop us before there is anything to do */
    cleanup_internal_flags(CLEANUP_INTERNAL_NOTIFY);
    interfaces_own();
    interfaces_proxy();
    smtp_route_open();
    smtp_hello_open();
    debug_peer_open();
    smtp_filter_open();
    smtp_reply_filter_open();
    delivery_set_status_filter(smtp_is_lmtp() ? "lmtp_delivery_status_filter" : "smtp_delivery_status_filter",
        conf.smtp_delivery_status_filter);
    if (!smtp_filter_set_flags(flags))
        fatal("invalid flags=%s: only D, O, R and X are known", flags);
}

/* "flags=DORX" may follow the options in master.cf. */
static void read_arguments(int argc, char **argv)
{
    for (int i = 1; i < argc; i++)
        if (strncmp(argv[i], "flags=", 6) == 0)
            flags = argv[i] + 6;
}

int main(int argc, char **argv)
{
    static const struct agent agent = {
        .name = "smtp",
        .before_jail = before_jail,
        .draining = smtp_pool_close,
        .deliver = smtp_deliver,
    };

    read_arguments(argc, argv);
    return agent_main(argc, argv, &agent);
}
