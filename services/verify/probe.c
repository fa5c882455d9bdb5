#include "services/verify/probe.h"

#include <stdio.h>

#include "base/log.h"
#include "base/utf8.h"
#include "config/config.h"
#include "mail/cleanup_client.h"
#include "mail/verify_sender.h"
#include "queue/envelope.h"

void verify_probe_send(const char *address)
{
    bool is_utf8 = conf.smtputf8_enable && !utf8_is_ascii(address, strlen(address));
    struct cleanup_message *m =
        cleanup_open(CLEANUP_INTERNAL | CLEANUP_MAP_OK | (is_utf8 ? CLEANUP_SMTPUTF8 : 0));
    struct str sender = {0}, reason = {0};
    char flags[16];

    if (m == NULL) {
        log_warn("probe of <%s>: no answer from the %s service", address, conf.cleanup_service_name);
        return;
    }
    verify_sender_now(&sender);
    snprintf(flags, sizeof(flags), "%d", TRACE_VERIFY);
    cleanup_attr(m, "rewrite_context", "local");
    cleanup_attr(m, "sender", str_text(&sender));
    cleanup_attr(m, "log_message_origin", "local");
    cleanup_attr(m, "trace_flags", flags);
    cleanup_recipient(m, address, address, "", 0);
    cleanup_own_header(m);
    int status = cleanup_commit(m, &reason);
    if (status != 0)
        log_warn("probe of <%s> cannot be queued: %s", address,
            reason.len > 0 ? str_text(&reason) : cleanup_words(status)->text);
    str_done(&sender);
    str_done(&reason);
}
