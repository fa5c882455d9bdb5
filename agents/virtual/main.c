/* virtual: see README.md. */
#include <stdio.h>
#include <string.h>

#include "agents/virtual/place.h"
#include "base/clock.h"
#include "base/log.h"
#include "config/config.h"
#include "daemon/agent.h"
#include "daemon/daemon.h"
#include "deliver/identity.h"
#include "deliver/mailbox.h"
#include "deliver/maildir.h"
#include "table/direct.h"
#include "table/key.h"

static unsigned locks; /* virtual_mailbox_lock */

static struct dsn dsn_of(const char *status, const char *reason)
{
    return (struct dsn){.status = status,
        .action = "",
        .reason = reason,
        .diag_type = "",
        .diag_text = "",
        .mta_type = "",
        .mta_name = ""};
}

static void report_dsn(struct delivery *d, struct delivery_recipient *r, const struct dsn *dsn)
{
    d->finished = clock_wall();
    if (*dsn->status == '2')
        delivery_sent(d, r, daemon_service_name(), "", dsn);
    else if (*dsn->status == '5')
        delivery_bounced(d, r, daemon_service_name(), "", dsn);
    else
        delivery_deferred(d, r, daemon_service_name(), "", dsn);
}

static void report(struct delivery *d, struct delivery_recipient *r, const char *status, const char *reason)
{
    struct dsn dsn = dsn_of(status, reason);

    report_dsn(d, r, &dsn);
}

/* False: status and reason of c. */
static bool to_mailbox(const struct place *p, struct copy *c)
{
    struct mailbox m = {.path = str_text(&p->path), .uid = p->uid, .gid = p->gid, .owner = (uid_t) -1,
        .owner_group = (gid_t) -1, .locks = locks};
    bool ok = false;

    if (!mailbox_open(&m, c))
        goto done;
    if (!S_ISREG(m.st.st_mode)) {
        copy_refused(c, "5.2.0", "destination %s is not a regular file", m.path);
        goto done;
    }
    if (conf.strict_mailbox_ownership && m.st.st_uid != p->uid) {
        copy_refused(c, "4.2.0", "destination %s is not owned by recipient", m.path);
        log_warn("specify \"strict_mailbox_ownership = no\" to ignore mailbox ownership mismatch");
        goto done;
    }
    ok = mailbox_append(&m, c, p->uid, p->gid);
done:
    mailbox_close(&m);
    return ok;
}

static void deliver_to(
    struct delivery *d, struct delivery_recipient *r, const struct message_bytes *m, const struct place *p)
{
    const char *kind = p->is_maildir ? "maildir" : "mailbox";
    struct copy c = {.flags = p->is_maildir ? COPY_HEADERS : COPY_MAILBOX, .sender = d->sender,
        .original = r->original, .delivered = r->address, .message = *m, .data_offset = d->data_offset,
        .default_status = "4.2.0"};
    struct str text = {0};

    if ((d->flags & (DELIVERY_TRACE_VERIFY | DELIVERY_TRACE_BV)) != 0) {
        str_addf(&text, "delivers to %s", kind);
        report(d, r, "2.0.0", str_text(&text));
        goto done;
    }
    if (p->is_maildir ? maildir_deliver(str_text(&p->path), p->uid, p->gid, &c) : to_mailbox(p, &c)) {
        str_addf(&text, "delivered to %s", kind);
        report(d, r, "2.0.0", str_text(&text));
        goto done;
    }
    if (!p->is_maildir)
        str_addf(&text, "delivery failed to mailbox %s: ", str_text(&p->path));
    str_adds(&text, str_text(&c.reason));
    struct dsn dsn = copy_dsn(&c, str_text(&text));
    report_dsn(d, r, &dsn);
done:
    str_done(&text);
    str_done(&c.reason);
}

static void deliver_recipient(struct delivery *d, struct delivery_recipient *r, const struct message_bytes *m)
{
    struct place p = {0};
    struct str address = {0}, text = {0};

    key_fold(r->address, strlen(r->address), conf.smtputf8_enable, &address);
    switch (virtual_place_find(str_text(&address), &p)) {
    case PLACE_FOUND:
        deliver_to(d, r, m, &p);
        break;
    case PLACE_UNKNOWN:
        str_addf(&text, "unknown user: \"%s\"", str_text(&address));
        report(d, r, "5.1.1", str_text(&text));
        break;
    case PLACE_ERROR:
        report(d, r, "4.3.5", "mail system configuration error");
        break;
    }
    str_done(&p.path);
    str_done(&address);
    str_done(&text);
}

static void deliver(struct delivery *d)
{
    agent_deliver_each(d, deliver_recipient);
}

static void before_jail(void)
{
    direct_use(); /* what decides whose rights are taken on is not asked of another process */
    virtual_place_open();
    locks = mailbox_lock_styles("virtual_mailbox_lock", conf.virtual_mailbox_lock);
    mailbox_limit_size(conf.virtual_mailbox_limit);
    delivery_set_status_filter("virtual_delivery_status_filter", conf.virtual_delivery_status_filter);
}

int main(int argc, char **argv)
{
    static const struct agent agent = {.name = "virtual", .before_jail = before_jail, .after_jail = identity_drop,
        .deliver = deliver, .is_single = true, .keeps_root = true};

    return agent_main(argc, argv, &agent);
}
