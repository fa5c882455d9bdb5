/* discard: say that mail was delivered, and forget it. The next hop is what the log says. */
#include "base/clock.h"
#include "daemon/agent.h"

static void deliver(struct delivery *d)
{
    char status[DSN_STATUS_SIZE];
    const char *text = dsn_split(d->nexthop, "2.0.0", status);
    struct dsn dsn = {.status = status,
        .action = "",
        .reason = text,
        .diag_type = "",
        .diag_text = "",
        .mta_type = "",
        .mta_name = ""};

    dsn_insist_on('2', "sent", status);
    d->finished = clock_wall();
    for (size_t i = 0; i < d->recipient_count; i++)
        delivery_sent(d, &d->recipients[i], "none", "", &dsn);
}

int main(int argc, char **argv)
{
    static const struct agent agent = {.name = "discard", .deliver = deliver};

    return agent_main(argc, argv, &agent);
}
