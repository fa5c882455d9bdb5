/* pipe: see README.md. */
#include <stdio.h>
#include <unistd.h>

#include "agents/pipe/attributes.h"
#include "agents/pipe/expand.h"
#include "base/clock.h"
#include "base/log.h"
#include "config/config.h"
#include "daemon/agent.h"
#include "daemon/daemon.h"
#include "deliver/command.h"
#include "deliver/copy.h"
#include "deliver/delivered_to.h"
#include "deliver/identity.h"

enum { OUTPUT_SHOWN = 100 }; /* of a command that succeeded */

static char **words; /* of our command line, behind the options */
static struct attributes attributes;
static int time_limit_s;

/* --- reports: every recipient of a request shares its fate --- */

static void report(struct delivery *d, const struct dsn *dsn)
{
    const char *relay = daemon_service_name();

    d->finished = clock_wall();
    for (size_t i = 0; i < d->recipient_count; i++) {
        struct delivery_recipient *r = &d->recipients[i];
        if (*dsn->status == '2')
            delivery_sent(d, r, relay, "", dsn);
        else if (*dsn->status == '5')
            delivery_bounced(d, r, relay, "", dsn);
        else
            delivery_deferred(d, r, relay, "", dsn);
    }
}

static void report_text(struct delivery *d, const char *status, const char *action, const char *text)
{
    struct dsn dsn = {.status = status,
        .action = action,
        .reason = text,
        .diag_type = "",
        .diag_text = "",
        .mta_type = "",
        .mta_name = ""};

    report(d, &dsn);
}

static void report_success(struct delivery *d, const struct command_outcome *o)
{
    struct str text = {0};

    str_addf(&text, "delivered via %s service", daemon_service_name());
    if (o->output.len > 0)
        str_addf(&text, " (%.*s)", OUTPUT_SHOWN, str_text(&o->output));
    report_text(d, "2.0.0", attributes.is_final ? "delivered" : "relayed", str_text(&text));
    str_done(&text);
}

/* --- refusals, before anything is run --- */

/* One header cannot name two recipients. The flag that is wrong here, or 0. */
static char flag_for_one_recipient(const struct delivery *d)
{
    if (d->recipient_count == 1)
        return 0;
    return (attributes.copy_flags & COPY_DELIVERED) != 0 ? 'D' : (attributes.copy_flags & COPY_ORIGINAL) != 0 ? 'O' : 0;
}

static bool is_refused(struct delivery *d, const struct message_bytes *m)
{
    struct str text = {0};
    char flag;

    if (attributes.size_limit > 0 && d->data_size > (uint64_t) attributes.size_limit) {
        report_text(d, "5.2.3", "", "message too large");
        return true;
    }
    if ((flag = flag_for_one_recipient(d)) != 0) {
        report_text(d, "4.3.5", "", "mail system configuration error");
        log_warn("pipe flag `%c' requires %s_destination_recipient_limit = 1", flag, daemon_service_name());
        return true;
    }
    if ((attributes.copy_flags & COPY_DELIVERED) != 0 &&
        delivered_to_has(m, d->data_offset, d->recipients[0].address)) {
        str_addf(&text, "mail forwarding loop for %s", d->recipients[0].address);
        report_text(d, "5.4.6", "", str_text(&text));
        str_done(&text);
        return true;
    }
    return false;
}

static bool is_probe(struct delivery *d)
{
    struct str text = {0};

    if ((d->flags & (DELIVERY_TRACE_VERIFY | DELIVERY_TRACE_BV)) == 0)
        return false;
    str_addf(&text, "delivers to command: %s", attributes.argv[0]);
    report_text(d, "2.0.0", "", str_text(&text));
    str_done(&text);
    return true;
}

/* --- the delivery --- */

static bool send_message(void *context, int fd, msec deadline)
{
    return copy_to_pipe(context, fd, deadline);
}

static void run(struct delivery *d, const struct message_bytes *m, const char *const *argv)
{
    struct copy copy = {.flags = attributes.copy_flags,
        .eol = attributes.eol,
        .sender = pipe_expand_sender(&attributes, d),
        .original = d->recipients[0].original,
        .delivered = d->recipients[0].address,
        .message = *m,
        .data_offset = d->data_offset};
    struct command command = {
        .program = {.argv = argv,
            .uid = attributes.run_as.uid,
            .gid = attributes.run_as.gid,
            .chroot_dir = attributes.chroot_dir,
            .directory = attributes.directory,
            .caller = "pipe_command"},
        .time_limit_s = time_limit_s,
        .send = send_message,
        .context = &copy};
    struct command_outcome outcome = {0};

    switch (command_run(&command, &outcome)) {
    case COMMAND_DONE:
        report_success(d, &outcome);
        break;
    case COMMAND_FAILED:
        report(d, &outcome.dsn);
        break;
    case COMMAND_CORRUPT:
        report_text(d, "4.3.0", "", "message file corrupt");
        break;
    }
    command_outcome_done(&outcome);
}

static void deliver_message(struct delivery *d, const struct message_bytes *m)
{
    struct vec argv = {0};

    if (is_refused(d, m) || is_probe(d))
        return;
    if (pipe_expand(agent_memory(d), &attributes, d, daemon_service_name(), &argv))
        run(d, m, (const char *const *) argv.items);
    else
        report_text(d, "4.3.5", "", "mail system configuration error");
    vec_done(&argv, NULL);
}

/* Not before the first delivery: its mail is deferred when we end because the line is wrong, while mail for a
 * service that never comes up would wait in the active queue. */
static void read_line(void)
{
    pipe_attributes_read(words + optind, &attributes);
    time_limit_s = config_service_time(daemon_service_name(), "_time_limit", conf.command_time_limit, 1);
}

static void deliver(struct delivery *d)
{
    struct message_bytes message;

    if (attributes.argv == NULL)
        read_line();
    if (!delivery_open(d, &message))
        return;
    if (d->recipient_count > 0 && agent_commit(d))
        deliver_message(d, &message);
    message_close(&message);
}

static void before_jail(void)
{
    delivery_set_status_filter("pipe_delivery_status_filter", conf.pipe_delivery_status_filter);
}

int main(int argc, char **argv)
{
    static const struct agent agent = {.name = "pipe",
        .before_jail = before_jail,
        .after_jail = identity_drop,
        .deliver = deliver,
        .is_single = true,
        .keeps_root = true};

    words = argv;
    return agent_main(argc, argv, &agent);
}
