/* local: see README.md. */
#include "agents/local/alias.h"
#include "agents/local/mailbox.h"
#include "agents/local/recipient.h"
#include "agents/local/report.h"
#include "agents/local/resubmit.h"
#include "agents/local/setup.h"
#include "agents/local/unknown.h"
#include "base/log.h"
#include "config/config.h"
#include "daemon/agent.h"
#include "deliver/identity.h"
#include "table/direct.h"

static void deliver_recipient(struct delivery *d, struct delivery_recipient *r, const struct message_bytes *message)
{
    struct job job = {.d = d, .recipient = r, .message = *message, .memory = agent_memory(d), .is_all_sent = true};
    struct target top = {.job = &job, .address = r->address, .original = r->original, .dsn_orcpt = r->dsn_orcpt,
        .dsn_notify = r->dsn_notify, .sender = d->sender};

    r->outcome = local_recipient_deliver(&top);
    if (r->outcome == OUTCOME_DONE)
        r->outcome = local_resubmit_all(&top);
    r->is_sent = job.is_all_sent && r->outcome == OUTCOME_DONE;
    local_resubmit_forget(&job);
    hash_done(&job.seen, NULL);
}

static void deliver(struct delivery *d)
{
    agent_deliver_each(d, deliver_recipient);
}

static void before_jail(void)
{
    direct_use(); /* what decides whose rights are taken on is not asked of another process */
    local_setup_open();
    local_alias_open();
    local_mailbox_open();
    local_unknown_open();
    delivery_set_status_filter("local_delivery_status_filter", conf.local_delivery_status_filter);
}

int main(int argc, char **argv)
{
    static const struct agent agent = {.name = "local", .before_jail = before_jail, .after_jail = identity_drop,
        .deliver = deliver, .is_single = true, .keeps_root = true};

    return agent_main(argc, argv, &agent);
}
