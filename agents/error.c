/* error: nobody gets this mail. The next hop is the reason, "5.1.1 no such user" or plain text.
 *
 * Recipients bounce; under the service name retry, or when the reason has a status of 4.x.x, they
 * are deferred.
 */
#include <string.h>

#include "base/clock.h"
#include "daemon/agent.h"
#include "daemon/daemon.h"

static void deliver(struct delivery *d)
{
    bool is_retry = strcmp(daemon_service_name(), "retry") == 0;
    char status[DSN_STATUS_SIZE];
    const char *reason = dsn_split(d->nexthop, is_retry ? "4.0.0" : "5.0.0", status);
    struct dsn dsn = {.status = status,
        .action = "",
        .reason = reason,
        .diag_type = "",
        .diag_text = "",
        .mta_type = "",
        .mta_name = ""};

    if (is_retry)
        status[0] = '4';
    d->finished = clock_wall();
    for (size_t i = 0; i < d->recipient_count; i++) {
        if (status[0] == '5')
            delivery_bounced(d, &d->recipients[i], "none", "", &dsn);
        else
            delivery_deferred(d, &d->recipients[i], "none", "", &dsn);
    }
}

int main(int argc, char **argv)
{
    static const struct agent agent = {.name = "error", .deliver = deliver};

    return agent_main(argc, argv, &agent);
}
