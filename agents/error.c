/* error: nobody gets this mail. The next hop is the reason, "5.1.1 no such user" or plain text.
 *
 * Recipients bounce; under the service name retry they are deferred.
 */
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "config/config.h"
#include "daemon/agent.h"
#include "daemon/daemon.h"

static void deliver(struct delivery *d)
{
    bool is_retry = strcmp(daemon_service_name(), "retry") == 0;
    char status[DSN_STATUS_SIZE];

    if (!is_retry && strcmp(daemon_service_name(), conf.error_service_name) != 0)
        fatal("bad error service name: %s", daemon_service_name());
    const char *reason = dsn_split(d->nexthop, is_retry ? "4.0.0" : "5.0.0", status);
    struct dsn dsn = {.status = status,
        .action = "",
        .reason = reason,
        .diag_type = "",
        .diag_text = "",
        .mta_type = "",
        .mta_name = ""};

    dsn_insist_on(is_retry ? '4' : '5', is_retry ? "defer_append" : "bounce_append", status);
    d->finished = clock_wall();
    for (size_t i = 0; i < d->recipient_count; i++) {
        if (is_retry)
            delivery_deferred(d, &d->recipients[i], "none", "", &dsn);
        else
            delivery_bounced(d, &d->recipients[i], "none", "", &dsn);
    }
}

int main(int argc, char **argv)
{
    static const struct agent agent = {.name = "error", .deliver = deliver};

    return agent_main(argc, argv, &agent);
}
