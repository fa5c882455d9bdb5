/* transaction.c: with PIPELINING (RFC 2920) MAIL, RCPT and DATA go out in one write, and their
 * replies are read in order; without, one by one. Both are the same list of steps, sent in batches
 * of many or of one.
 */
#include "smtp/transaction.h"

#include "base/log.h"
#include "base/task.h"
#include "config/config.h"
#include "daemon/agent.h"
#include "smtp/command.h"
#include "smtp/content.h"
#include "smtp/follow.h"
#include "smtp/notify.h"
#include "smtp/trouble.h"

/* RFC 2920 3.1: what is not yet answered must fit into the buffers of both kernels. */
enum { BATCH_STEPS = 100 };

/* A message that is answered within this time is answered at once: see follow.h. */
enum { QUICK_MS = 5 };

enum verb { VERB_RSET, VERB_MAIL, VERB_RCPT, VERB_DATA };

static const struct {
    const char *doing, *request;
} verbs[] = {
    [VERB_RSET] = {"sending RSET", "RSET command"},
    [VERB_MAIL] = {"sending MAIL FROM", "MAIL FROM command"},
    [VERB_RCPT] = {"sending RCPT TO", "RCPT TO command"},
    [VERB_DATA] = {"sending DATA command", "DATA command"},
};

struct step {
    enum verb verb;
    size_t recipient;
};

struct transaction {
    struct attempt *a;
    struct session *s;
    struct step *steps;
    size_t step_count;
    size_t accepted; /* recipients */
    bool is_mail_refused, is_go_ahead;
    bool is_probe;      /* an address is only tried out */
    bool is_data_probe; /* and the reply to DATA is the answer */
    bool is_announced;  /* the commands have been sent */
};

/* --- commands --- */

static int timeout_of(enum verb verb)
{
    switch (verb) {
    case VERB_RSET:
        return conf.smtp_rset_timeout;
    case VERB_MAIL:
        return conf.smtp_mail_timeout;
    case VERB_RCPT:
        return conf.smtp_rcpt_timeout;
    case VERB_DATA:
        return conf.smtp_data_init_timeout;
    }
    panic("unknown verb");
}

/* False: a table failed. */
static bool add_command(struct transaction *t, struct str *out, const struct step *step)
{
    switch (step->verb) {
    case VERB_RSET:
        str_adds(out, "RSET\r\n");
        return true;
    case VERB_MAIL:
        return smtp_command_mail(t->a, t->s->features, out);
    case VERB_RCPT:
        return smtp_command_rcpt(t->a, t->s->features, step->recipient, out);
    case VERB_DATA:
        str_adds(out, "DATA\r\n");
        return true;
    }
    panic("unknown verb");
}

/* --- replies --- */

static void refused(struct transaction *t, const char *request)
{
    smtp_trouble_set_reply(
        t->a, t->s, "host %s said: %s (in reply to %s)", t->s->peer, str_text(&t->s->reply.text), request);
}

static void take_mail(struct transaction *t)
{
    if (smtp_reply_class(&t->s->reply) == 2)
        return;
    refused(t, verbs[VERB_MAIL].request);
    smtp_trouble_all(t->a, TROUBLE_MESSAGE);
    t->is_mail_refused = true;
}

static void take_rcpt(struct transaction *t, size_t recipient)
{
    if (t->is_mail_refused)
        return;
    if (smtp_reply_class(&t->s->reply) == 2) {
        t->a->progress[recipient] = PROGRESS_ACCEPTED;
        t->accepted++;
        if (t->is_probe && !t->is_data_probe)
            smtp_trouble_none(t->a, t->s, recipient);
        return;
    }
    refused(t, verbs[VERB_RCPT].request);
    smtp_trouble_recipient(t->a, recipient);
}

static void take_data(struct transaction *t)
{
    t->is_go_ahead = smtp_reply_class(&t->s->reply) == 3;
    if (t->is_go_ahead || t->accepted == 0)
        return;
    refused(t, verbs[VERB_DATA].request);
    smtp_trouble_all(t->a, TROUBLE_MESSAGE);
    t->accepted = 0;
}

static void take_reply(struct transaction *t, const struct step *step)
{
    switch (step->verb) {
    case VERB_RSET:
        return;
    case VERB_MAIL:
        take_mail(t);
        return;
    case VERB_RCPT:
        take_rcpt(t, step->recipient);
        return;
    case VERB_DATA:
        take_data(t);
        return;
    }
}

/* --- the dialogue --- */

static void plan(struct transaction *t, bool with_reset)
{
    struct attempt *a = t->a;

    t->steps = arena_alloc(a->memory, (a->d->recipient_count + 3) * sizeof(*t->steps));
    if (with_reset)
        t->steps[t->step_count++] = (struct step){.verb = VERB_RSET};
    t->steps[t->step_count++] = (struct step){.verb = VERB_MAIL};
    for (size_t i = 0; i < a->d->recipient_count; i++)
        if (a->progress[i] == PROGRESS_LEFT)
            t->steps[t->step_count++] = (struct step){.verb = VERB_RCPT, .recipient = i};
    if (!t->is_probe || t->is_data_probe)
        t->steps[t->step_count++] = (struct step){.verb = VERB_DATA};
}

/* Was the session dead when it was taken from the pool? Servers that close say 421 first. */
static bool is_stale(const struct session *s, bool was_in_doubt, bool has_reply)
{
    return was_in_doubt && (has_reply ? s->reply.code == 421 : stream_error(&s->stream) != STREAM_TIMEOUT);
}

static bool has_no_use(const struct transaction *t, enum verb verb)
{
    return verb == VERB_MAIL || verb == VERB_RSET ? false
                                                  : t->is_mail_refused || (verb == VERB_DATA && t->accepted == 0);
}

static enum transaction_result local_error(struct transaction *t)
{
    smtp_trouble_set(t->a, "4.3.0", "local data error while talking to %s", t->s->peer);
    smtp_trouble_all(t->a, TROUBLE_MESSAGE);
    return TRANSACTION_BROKEN;
}

static bool send_steps(struct transaction *t, size_t first, size_t end)
{
    struct str *out = &t->s->content;

    str_clear(out);
    for (size_t i = first; i < end; i++)
        if (!add_command(t, out, &t->steps[i]))
            return false;
    smtp_notify_commands(t->s, out->data, out->len);
    stream_add(&t->s->stream, out->data, out->len);
    return true;
}

static enum transaction_result talk(struct transaction *t)
{
    struct session *s = t->s;
    size_t batch = (s->features & FEATURE_PIPELINING) != 0 ? BATCH_STEPS : 1;

    for (size_t next = 0, end; next < t->step_count; next = end) {
        end = next + batch < t->step_count ? next + batch : t->step_count;
        if (has_no_use(t, t->steps[next].verb))
            return TRANSACTION_DONE;
        if (!t->is_announced && !send_steps(t, next, end))
            return local_error(t);
        for (size_t i = next; i < end; i++) {
            bool was_in_doubt = s->is_in_doubt;
            smtp_session_timeout(s, timeout_of(t->steps[i].verb));
            bool has_reply = smtp_session_reply(s, t->a);
            if (is_stale(s, was_in_doubt, has_reply))
                return TRANSACTION_STALE;
            if (!has_reply) {
                smtp_trouble_stream(t->a, s, verbs[t->steps[i].verb].doing);
                return TRANSACTION_BROKEN;
            }
            take_reply(t, &t->steps[i]);
        }
    }
    return TRANSACTION_DONE;
}

/* --- the content --- */

/* When the time is for all of the content it grows with its size. */
static void set_transfer_time(struct transaction *t)
{
    smtp_session_timeout(t->s, conf.smtp_data_xfer_timeout);
    if (conf.smtp_per_request_deadline && conf.smtp_min_data_rate > 0)
        t->s->stream.deadline += (msec) (t->a->d->data_size * 1000 / (uint64_t) conf.smtp_min_data_rate);
}

static enum transaction_result send_content(struct transaction *t)
{
    bool is_dot_delayed = (t->s->features & FEATURE_PIX_DELAY_DOT) != 0;

    set_transfer_time(t);
    if (!smtp_content_send(t->a, t->s, is_dot_delayed))
        return local_error(t);
    if (is_dot_delayed) {
        stream_flush(&t->s->stream);
        task_sleep((msec) conf.smtp_pix_workaround_delay_time * 1000);
        stream_adds(&t->s->stream, ".\r\n");
    }
    smtp_follow_announce(t->s);
    if (!stream_flush(&t->s->stream)) {
        smtp_trouble_stream(t->a, t->s, "sending message body");
        return TRANSACTION_BROKEN;
    }
    smtp_session_timeout(t->s, conf.smtp_data_done_timeout);
    return TRANSACTION_DONE;
}

static bool wait_for_verdict(struct transaction *t)
{
    msec begin = clock_now();
    bool ok = smtp_session_reply(t->s, t->a);

    t->s->is_quick = clock_now() - begin <= QUICK_MS;
    t->a->d->finished = clock_wall();
    if (!ok)
        smtp_trouble_stream(t->a, t->s, "sending end of data -- message may be sent more than once");
    return ok;
}

static enum transaction_result take_verdict(struct transaction *t)
{
    struct attempt *a = t->a;

    if (!wait_for_verdict(t))
        return TRANSACTION_BROKEN;
    if (smtp_reply_class(&t->s->reply) != 2) {
        refused(t, "end of DATA command");
        smtp_trouble_all(a, TROUBLE_MESSAGE);
        return TRANSACTION_DONE;
    }
    for (size_t i = 0; i < a->d->recipient_count; i++)
        if (a->progress[i] == PROGRESS_ACCEPTED)
            smtp_trouble_none(a, t->s, i);
    return TRANSACTION_DONE;
}

/* RFC 2033 4.2: a reply for each recipient that was accepted, in order. */
static enum transaction_result take_verdicts(struct transaction *t)
{
    struct attempt *a = t->a;

    for (size_t i = 0; i < a->d->recipient_count; i++) {
        if (a->progress[i] != PROGRESS_ACCEPTED)
            continue;
        if (!wait_for_verdict(t))
            return TRANSACTION_BROKEN;
        if (smtp_reply_class(&t->s->reply) == 2)
            smtp_trouble_none(a, t->s, i);
        else {
            refused(t, "end of DATA command");
            smtp_trouble_recipient(a, i);
        }
    }
    return TRANSACTION_DONE;
}

/* The server waits for a message that nobody will get. */
static enum transaction_result send_nothing(struct transaction *t)
{
    stream_adds(&t->s->stream, ".\r\n");
    smtp_session_timeout(t->s, conf.smtp_data_done_timeout);
    return smtp_session_reply(t->s, t->a) ? TRANSACTION_DONE : TRANSACTION_BROKEN;
}

static enum transaction_result answer_data_probe(struct transaction *t)
{
    for (size_t i = 0; i < t->a->d->recipient_count; i++)
        if (t->a->progress[i] == PROGRESS_ACCEPTED)
            smtp_trouble_none(t->a, t->s, i);
    return TRANSACTION_BROKEN; /* there is no other way out of DATA */
}

/* --- all of it --- */

/* Is the server fit for this message at all? */
enum fitness { FIT, NEEDS_UTF8, NEEDS_SIZE };

static enum fitness what_is_missing(const struct attempt *a, const struct session *s)
{
    const struct delivery *d = a->d;
    bool needs_utf8 = (d->sendopts & SENDOPT_SMTPUTF8_REQUESTED) != 0 &&
                      (d->sendopts & (SENDOPT_UTF8_HEADER | SENDOPT_UTF8_SENDER | SENDOPT_UTF8_RECIPIENT)) != 0;

    if (needs_utf8 && (s->features & FEATURE_SMTPUTF8) == 0)
        return NEEDS_UTF8;
    return s->size_limit > 0 && (uint64_t) s->size_limit < d->data_size ? NEEDS_SIZE : FIT;
}

static bool is_fit(struct attempt *a, struct session *s)
{
    switch (what_is_missing(a, s)) {
    case FIT:
        return true;
    case NEEDS_UTF8:
        smtp_trouble_set(a, "5.6.7", "SMTPUTF8 is required, but was not offered by host %s", s->peer);
        break;
    case NEEDS_SIZE:
        smtp_trouble_set(a, "5.3.4", "message size %llu exceeds size limit %ld of server %s",
            (unsigned long long) a->d->data_size, s->size_limit, s->peer);
        break;
    }
    smtp_trouble_all(a, TROUBLE_MESSAGE);
    return false;
}

static enum transaction_result after_commands(struct transaction *t)
{
    t->s->needs_reset = !t->is_go_ahead;
    if (!t->is_go_ahead)
        return TRANSACTION_DONE;
    if (t->accepted == 0)
        return send_nothing(t);
    if (t->is_data_probe)
        return answer_data_probe(t);
    if (!agent_commit(t->a->d)) {
        t->a->is_withdrawn = true;
        return TRANSACTION_BROKEN;
    }
    enum transaction_result result = send_content(t);
    if (result == TRANSACTION_DONE)
        result = smtp_is_lmtp() ? take_verdicts(t) : take_verdict(t);
    return result;
}

bool smtp_transaction_commands(struct attempt *a, struct session *s, struct str *out)
{
    struct transaction t = {.a = a, .s = s};

    if ((a->d->flags & (DELIVERY_TRACE_VERIFY | DELIVERY_TRACE_BV)) != 0 || a->left + 2 > BATCH_STEPS ||
        what_is_missing(a, s) != FIT)
        return false;
    plan(&t, false);
    for (size_t i = 0; i < t.step_count; i++)
        if (!add_command(&t, out, &t.steps[i]))
            return false;
    return true;
}

enum transaction_result smtp_transaction(struct attempt *a, struct session *s, bool is_announced)
{
    struct transaction t = {
        .a = a,
        .s = s,
        .is_probe = (a->d->flags & (DELIVERY_TRACE_VERIFY | DELIVERY_TRACE_BV)) != 0,
        .is_announced = is_announced,
    };

    if (!is_fit(a, s))
        return TRANSACTION_DONE;
    t.is_data_probe = t.is_probe && strcmp(conf.smtp_address_verify_target, "data") == 0;
    plan(&t, s->needs_reset);
    enum transaction_result result = talk(&t);
    if (result == TRANSACTION_DONE)
        result = after_commands(&t);
    if (result == TRANSACTION_DONE)
        a->has_completed = true;
    return result;
}
