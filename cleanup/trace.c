#include "cleanup/trace.h"

#include <errno.h>

#include "base/log.h"
#include "config/config.h"
#include "mail/bounce_client.h"
#include "mail/cleanup_client.h"
#include "queue/dirs.h"

void cleanup_trace_expanded(struct message *m, const struct envelope_recipient *r)
{
    const struct delivery_recipient recipient = {.address = r->address, .original = r->original,
        .dsn_orcpt = r->dsn_orcpt, .dsn_notify = r->dsn_notify};
    const struct dsn dsn = {.status = "2.0.0", .action = "expanded", .reason = "alias expanded", .diag_type = "",
        .diag_text = "", .mta_type = "", .mta_name = ""};

    m->has_trace = true;
    if (bounce_append(BOUNCE_SERVICE_TRACE, m->queue_id, &recipient, "none", &dsn))
        return;
    log_warn("%s: %s service failure", m->queue_id, conf.trace_service_name);
    cleanup_message_refuse(m, CLEANUP_STAT_WRITE, "");
}

void cleanup_trace_drop(const struct message *m)
{
    if (m->has_trace && !queue_remove(conf.trace_service_name, m->queue_id) && errno != ENOENT)
        log_warn("%s: remove %s log: %m", m->queue_id, conf.trace_service_name);
}
