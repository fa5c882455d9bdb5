#include "agents/local/resubmit.h"

#include <stdio.h>

#include "agents/local/report.h"
#include "agents/local/setup.h"
#include "base/clock.h"
#include "config/config.h"
#include "mail/cleanup_client.h"
#include "mail/date.h"
#include "mail/mail_source.h"
#include "mail/quote.h"
#include "queue/record.h"

/* One new message. */
struct resubmission {
    struct resubmission *next;
    const char *sender, *delivered;
    struct vec targets; /* struct target *, in the arena */
};

static struct resubmission *find(const struct target *t)
{
    struct resubmission **at = &t->job->resubmissions;

    while (*at != NULL && (strcmp((*at)->sender, t->sender) != 0 || strcmp((*at)->delivered, t->delivered) != 0))
        at = &(*at)->next;
    if (*at == NULL) {
        *at = arena_new(t->job->memory, struct resubmission);
        (*at)->sender = t->sender;
        (*at)->delivered = t->delivered;
    }
    return *at;
}

enum outcome local_resubmit_add(const struct target *t)
{
    if (local_target_is_repeated(t, "indirect %s", t->address))
        return OUTCOME_DONE;
    if (local_target_is_probe(t))
        return local_report_sent(t, "forwards to %s", t->address);
    struct target *copy = arena_new(t->job->memory, struct target);
    *copy = *t;
    vec_add(&find(t)->targets, copy);
    return OUTCOME_DONE;
}

/* --- the new message --- */

static void add_attribute(struct cleanup_message *m, const char *name, const char *value)
{
    if (*value != 0)
        cleanup_attr(m, name, value);
}

static void add_envelope(struct cleanup_message *m, const struct resubmission *r, const struct delivery *d)
{
    char ret[8];

    cleanup_attr(m, "sender", r->sender);
    add_attribute(m, "envelope_id", d->envelope_id);
    if (d->dsn_ret != 0) {
        snprintf(ret, sizeof(ret), "%d", d->dsn_ret);
        cleanup_attr(m, "ret_flags", ret);
    }
    add_attribute(m, "rewrite_context", d->rewrite_context);
    add_attribute(m, "log_ident", d->log_ident);
    add_attribute(m, "log_client_name", d->client_name);
    add_attribute(m, "log_client_address", d->client_address);
    add_attribute(m, "log_client_port", d->client_port);
    add_attribute(m, "log_protocol_name", d->client_proto);
    add_attribute(m, "log_helo_name", d->client_helo);
    add_attribute(m, "sasl_method", d->sasl_method);
    add_attribute(m, "sasl_username", d->sasl_username);
    add_attribute(m, "sasl_sender", d->sasl_sender);
    for (size_t i = 0; i < r->targets.count; i++) {
        const struct target *t = r->targets.items[i];
        cleanup_recipient(m, t->address, t->original, t->dsn_orcpt, t->dsn_notify);
    }
}

static void add_headers(struct cleanup_message *m, const struct resubmission *r)
{
    struct str text = {0}, quoted = {0};

    str_addf(&text, "Received: by %s (%s)\n\tid %s; %s\n", conf.myhostname, conf.mail_name, cleanup_queue_id(m),
        date_rfc5322(clock_wall().tv_sec));
    if ((local_setup.headers & HEADER_IN_FORWARD) != 0)
        str_addf(&text, "Delivered-To: %s\n", quote_822(r->delivered, &quoted));
    cleanup_content(m, str_text(&text), text.len);
    str_done(&text);
    str_done(&quoted);
}

/* False: the message that we have is damaged. */
static bool add_content(struct cleanup_message *m, const struct job *job)
{
    struct record_reader reader = {.bytes = job->message.bytes, .n = job->message.n, .next = job->d->data_offset};
    struct record r;
    bool is_line = true;

    while (record_read(&reader, &r) == RECORD_OK) {
        if (r.type == REC_EXTRACTED)
            return is_line || cleanup_content(m, "\n", 1);
        if (r.type != REC_LINE && r.type != REC_PART)
            return false;
        is_line = r.type == REC_LINE;
        if (!cleanup_content(m, r.payload, r.len) || (is_line && !cleanup_content(m, "\n", 1)))
            return true; /* cleanup says why when it is asked */
    }
    return false;
}

static enum outcome submit(const struct target *top, const struct resubmission *r)
{
    const struct delivery *d = top->job->d;
    bool is_utf8 = (d->sendopts & SENDOPT_SMTPUTF8_REQUESTED) != 0;
    struct cleanup_message *m = cleanup_open(mail_source_flags(MAIL_SOURCE_FORWARD) | (is_utf8 ? CLEANUP_SMTPUTF8 : 0));
    struct target reported = *top;

    if (m == NULL)
        return local_report_failed(top, "4.3.0", "unable to forward message");
    const char *queue_id = arena_strdup(top->job->memory, cleanup_queue_id(m));
    add_envelope(m, r, d);
    add_headers(m, r);
    if (!add_content(m, top->job)) {
        cleanup_cancel(m);
        return local_report_failed(top, "4.3.0", "message file corrupt");
    }
    if (cleanup_commit(m, NULL) != 0)
        return local_report_failed(top, "4.3.0", "unable to forward message");
    local_report_without_success(&reported); /* NOTIFY has gone along */
    return local_report_relayed(&reported, queue_id);
}

enum outcome local_resubmit_all(const struct target *top)
{
    enum outcome outcome = OUTCOME_DONE;

    for (struct resubmission *r = top->job->resubmissions; r != NULL; r = r->next)
        outcome = local_report_both(outcome, submit(top, r));
    return outcome;
}

void local_resubmit_forget(struct job *job)
{
    for (struct resubmission *r = job->resubmissions; r != NULL; r = r->next)
        vec_done(&r->targets, NULL);
    job->resubmissions = NULL;
}
