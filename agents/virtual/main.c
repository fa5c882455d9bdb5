/* virtual: see README.md. */
#include <stdio.h>

#include "agents/virtual/mailbox.h"
#include "agents/virtual/maildir.h"
#include "agents/virtual/place.h"
#include "base/clock.h"
#include "base/log.h"
#include "config/config.h"
#include "daemon/agent.h"
#include "queue/record.h"

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

static void report(struct delivery *d, struct delivery_recipient *r, const char *status, const char *reason)
{
    struct dsn dsn = dsn_of(status, reason);

    d->finished = clock_wall();
    if (*status == '2')
        delivery_sent(d, r, "virtual", "", &dsn);
    else if (*status == '5')
        delivery_bounced(d, r, "virtual", "", &dsn);
    else
        delivery_deferred(d, r, "virtual", "", &dsn);
}

/* Our own header in the message: it has been here before. */
static bool is_loop(const struct delivery *d, const struct message_bytes *m, const char *address)
{
    static const char name[] = "Delivered-To:";
    struct record_reader reader = {.bytes = m->bytes, .n = m->n, .next = d->data_offset};
    struct record r;
    size_t n = strlen(address);

    while (record_read(&reader, &r) == RECORD_OK && r.type == REC_LINE && r.len > 0) {
        const char *p = r.payload + sizeof(name) - 1, *end = r.payload + r.len;
        if (r.len < sizeof(name) - 1 || strncasecmp(r.payload, name, sizeof(name) - 1) != 0)
            continue;
        while (p < end && (*p == ' ' || *p == '\t'))
            p++;
        while (end > p && (end[-1] == ' ' || end[-1] == '\t'))
            end--;
        if ((size_t) (end - p) == n && strncasecmp(p, address, n) == 0)
            return true;
    }
    return false;
}

static void deliver_to(
    struct delivery *d, struct delivery_recipient *r, const struct message_bytes *m, const struct place *p)
{
    struct copy c = {.d = d, .r = r, .message = *m, .is_mailbox = !p->is_maildir};

    if ((d->flags & (DELIVERY_TRACE_VERIFY | DELIVERY_TRACE_BV)) != 0) {
        report(d, r, "2.0.0", p->is_maildir ? "delivers to maildir" : "delivers to mailbox");
        return;
    }
    if (p->is_maildir)
        virtual_maildir_deliver(p, &c);
    else
        virtual_mailbox_deliver(p, &c);
    report(d, r, c.status, str_text(&c.reason));
    str_done(&c.reason);
}

static void deliver_recipient(struct delivery *d, struct delivery_recipient *r, const struct message_bytes *m)
{
    struct place p = {0};
    struct str address = {0}, text = {0};

    str_adds(&address, r->address);
    str_lower(&address);
    if (is_loop(d, m, r->address)) {
        str_addf(&text, "mail forwarding loop for %s", r->address);
        report(d, r, "5.4.6", str_text(&text));
        goto done;
    }
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
done:
    str_done(&p.path);
    str_done(&address);
    str_done(&text);
}

static void deliver(struct delivery *d)
{
    struct message_bytes message;
    struct str why = {0};

    if (!message_open(d->queue_id, &d->where, &message, &why)) {
        log_warn("%s: %s", d->queue_id, str_text(&why)); /* all remain deferred */
        str_done(&why);
        return;
    }
    for (size_t i = 0; i < d->recipient_count && agent_commit(d); i++)
        deliver_recipient(d, &d->recipients[i], &message);
    message_close(&message);
}

static void before_jail(void)
{
    virtual_place_open();
    virtual_mailbox_open();
    delivery_set_status_filter(conf.virtual_delivery_status_filter);
}

int main(int argc, char **argv)
{
    static const struct agent agent = {
        .name = "virtual", .before_jail = before_jail, .deliver = deliver, .is_single = true, .keeps_root = true};

    return agent_main(argc, argv, &agent);
}
