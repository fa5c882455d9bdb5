#include "services/bounce/notice.h"

#include <stdio.h>
#include <strings.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "config/config.h"
#include "mail/date.h"
#include "mail/fold.h"
#include "mail/quote.h"
#include "queue/record.h"
#include "services/bounce/reasons.h"
#include "services/bounce/texts.h"

static const struct {
    const char *returned, *headers, *action, *status; /* the last two where the log has none */
} kinds[] = {
    [BOUNCE_TEMPLATE_FAILURE] = {"Undelivered Message", "Undelivered Message Headers", "failed", "5.0.0"},
    [BOUNCE_TEMPLATE_DELAY] = {"Undelivered Message", "Undelivered Message Headers", "delayed", "4.0.0"},
    [BOUNCE_TEMPLATE_SUCCESS] = {"Message", "Message Headers", "delivered", "2.0.0"},
    [BOUNCE_TEMPLATE_VERIFY] = {"Message", "Message Headers", "deliverable", "2.0.0"},
};

enum {
    BOUNDARY_LEN = 70,  /* RFC 2046 5.1.1 */
    WIDTH = 79          /* where lines are folded */
};

/* A notice that is being written. */
struct draft {
    const struct notice *notice;
    const struct notice_about *about;
    struct str body, field;
    char boundary[BOUNDARY_LEN + 1];
    bool is_utf8;            /* it may use the forms of RFC 6533 */
    bool is_8bit;            /* its text parts are labelled so, whether or not they have such bytes */
};

bool bounce_notice_is_utf8(const struct notice_about *about)
{
    return (about->sendopts & SENDOPT_SMTPUTF8_REQUESTED) != 0;
}

/* --- text of others --- */

/* What a far server said, or an address, as part of a line of ours: nothing that could end the line,
 * and 8-bit only if it is UTF-8. */
static void make_harmless(char *text)
{
    bool is_utf8 = utf8_is_valid(text, strlen(text));

    for (unsigned char *p = (unsigned char *) text; *p != 0; p++)
        if (*p == '\t' || *p == '\r' || *p == '\n')
            *p = ' ';
        else if (*p < ' ' || *p == 0x7f || (*p >= 0x80 && !is_utf8))
            *p = '?';
}

/* A header field; what is in d->field is its value. */
static void add_field(struct draft *d, struct str *out, const char *name, const char *type)
{
    struct str line = {0};

    str_setf(&line, "%s: %s%s", name, type, str_text(&d->field));
    make_harmless(line.data);
    fold_text(out, "", str_text(&line), WIDTH);
    str_done(&line);
}

static void add_text_field(struct draft *d, struct str *out, const char *name, const char *value)
{
    str_set(&d->field, value);
    add_field(d, out, name, "");
}

/* "rfc822; user@example.com": RFC 3464 2.1.2, RFC 6533 3. */
static void add_address_field(struct draft *d, struct str *out, const char *name, const char *blank,
    const char *address)
{
    struct str quoted = {0};
    size_t n = strlen(address);
    bool is_utf8 = d->is_utf8 && !utf8_is_ascii(address, n) && utf8_is_valid(address, n);

    str_setf(&d->field, "%s%s", blank, quote_822(address, &quoted));
    add_field(d, out, name, is_utf8 ? "utf-8;" : "rfc822;");
    str_done(&quoted);
}

/* "X-Postfix", after mail_name. */
static const char *own_prefix(struct str *name)
{
    str_setf(name, "X-%s", conf.mail_name);
    for (char *p = name->data; *p != 0; p++)
        if (*p == ' ' || *p == '\t')
            *p = '-';
    return str_text(name);
}

/* The null sender needs an address where there must be one. */
static const char *sender_or_daemon(const struct notice_about *a, struct str *daemon)
{
    if (*a->sender != 0)
        return a->sender;
    str_setf(daemon, "MAILER-DAEMON@%s", conf.myhostname);
    return str_text(daemon);
}

/* --- parts --- */

static bool is_8bit(const struct str *text)
{
    return !utf8_is_ascii(str_text(text), text->len);
}

/* content is the part's own text, and is gone afterwards. */
static void add_part(struct draft *d, const char *description, const char *type, bool says_8bit, struct str *content)
{
    str_addf(&d->body, "\n--%s\nContent-Description: %s\nContent-Type: %s\n", d->boundary, description, type);
    if (says_8bit)
        str_adds(&d->body, "Content-Transfer-Encoding: 8bit\n");
    str_addc(&d->body, '\n');
    str_add(&d->body, str_text(content), content->len);
    str_done(content);
}

/* "<new@example.com> (expanded from <old@example.com>): what happened" */
static void add_outcome(struct str *text, const struct reason *r)
{
    struct str line = {0}, quoted = {0};

    str_setf(&line, "<%s>", quote_822(r->recipient.address, &quoted));
    if (*r->recipient.original != 0 && strcasecmp(r->recipient.address, r->recipient.original) != 0)
        str_addf(&line, " (expanded from <%s>)", quote_822(r->recipient.original, &quoted));
    str_addf(&line, ": %s", r->dsn.reason);
    make_harmless(line.data);
    str_addc(text, '\n');
    fold_text(text, "", str_text(&line), WIDTH);
    str_done(&line);
    str_done(&quoted);
}

/* The postmaster needs no introduction. Text in 8 bits is not US-ASCII, whatever the template says. */
static void add_for_people(struct draft *d)
{
    const struct vec *entries = d->notice->entries;
    const char *charset = bounce_texts_template(d->notice->kind)->charset;
    struct str text = {0}, type = {0};

    if (d->notice->reader == NOTICE_SENDER)
        str_adds(&text, bounce_texts_expanded(d->notice->kind));
    for (size_t i = 0; i < entries->count; i++)
        add_outcome(&text, entries->items[i]);
    bool says_8bit = d->is_8bit || is_8bit(&text);
    str_setf(&type, "text/plain; charset=%s", says_8bit && strcasecmp(charset, "us-ascii") == 0 ? "utf-8" : charset);
    add_part(d, "Notification", str_text(&type), says_8bit, &text);
    str_done(&type);
}

/* RFC 3464 2.2 */
static void add_message_fields(struct draft *d, struct str *t)
{
    const struct notice_about *a = d->about;
    struct str name = {0}, sender = {0};

    str_addf(t, "Reporting-MTA: dns; %s\n", conf.myhostname);
    if (*a->envelope_id != 0)
        add_text_field(d, t, "Original-Envelope-Id", a->envelope_id);
    str_addf(t, "%s-Queue-ID: %s\n", own_prefix(&name), a->queue_id);
    str_adds(&name, "-Sender");
    add_address_field(d, t, str_text(&name), " ", sender_or_daemon(a, &sender));
    if (a->envelope.arrival.tv_sec > 0)
        str_addf(t, "Arrival-Date: %s\n", date_rfc5322(a->envelope.arrival.tv_sec));
    str_done(&name);
    str_done(&sender);
}

static const char *action(const struct draft *d, const struct reason *r)
{
    if (d->notice->kind == BOUNCE_TEMPLATE_FAILURE)
        return "failed"; /* the defer log of a message that is too old says "delayed" */
    return *r->dsn.action != 0 ? r->dsn.action : kinds[d->notice->kind].action;
}

/* What the far side said, or we did. */
static void add_diagnostic(struct draft *d, struct str *t, const struct dsn *dsn)
{
    bool is_theirs = *dsn->diag_text != 0 && *dsn->diag_type != 0;
    struct str name = {0};

    str_setf(&d->field, "%s; %s", is_theirs ? dsn->diag_type : own_prefix(&name),
        is_theirs ? dsn->diag_text : dsn->reason);
    add_field(d, t, "Diagnostic-Code", "");
    str_done(&name);
}

/* RFC 3464 2.3 */
static void add_recipient_fields(struct draft *d, struct str *t, const struct reason *r)
{
    const struct envelope *e = &d->about->envelope;

    str_addc(t, '\n');
    add_address_field(d, t, "Final-Recipient", " ", r->recipient.address);
    if (*r->recipient.dsn_orcpt != 0)
        add_text_field(d, t, "Original-Recipient", r->recipient.dsn_orcpt);
    else if (*r->recipient.original != 0)
        add_address_field(d, t, "Original-Recipient", "", r->recipient.original);
    add_text_field(d, t, "Action", action(d, r));
    add_text_field(d, t, "Status", *r->dsn.status != 0 ? r->dsn.status : kinds[d->notice->kind].status);
    if (*r->dsn.mta_name != 0) {
        str_setf(&d->field, "%s; %s", *r->dsn.mta_type != 0 ? r->dsn.mta_type : "dns", r->dsn.mta_name);
        add_field(d, t, "Remote-MTA", "");
    }
    add_diagnostic(d, t, &r->dsn);
    if (d->notice->kind == BOUNCE_TEMPLATE_DELAY && e->create_time > 0)
        str_addf(t, "Will-Retry-Until: %s\n", date_rfc5322(e->create_time + conf.maximal_queue_lifetime));
}

static void add_for_programs(struct draft *d)
{
    const struct vec *entries = d->notice->entries;
    struct str content = {0};

    add_message_fields(d, &content);
    for (size_t i = 0; i < entries->count; i++)
        add_recipient_fields(d, &content, entries->items[i]);
    add_part(d, "Delivery report", d->is_utf8 ? "message/global-delivery-status" : "message/delivery-status",
        d->is_utf8, &content);
}

/* --- the original --- */

/* RFC 8689 5: a message that must not travel in the clear does not do so as part of a notice. */
static bool is_to_be_redacted(const struct notice_about *a)
{
    return (a->sendopts & SENDOPT_REQUIRETLS) != 0 && conf.requiretls_redact_dsn;
}

/* All of it, if it is asked for (RFC 3461 4.3), small enough, and the reader's own. */
static bool is_whole(const struct draft *d)
{
    const struct notice_about *a = d->about;

    return d->notice->kind == BOUNCE_TEMPLATE_FAILURE && d->notice->reader != NOTICE_COPY &&
        a->dsn_ret != DSN_RET_HDRS && !is_to_be_redacted(a) &&
        (conf.bounce_size_limit == 0 || a->envelope.data_size <= (uint64_t) conf.bounce_size_limit);
}

static void add_records(const struct notice_about *a, bool only_header, struct str *out)
{
    struct record_reader reader = {.bytes = a->bytes, .n = a->n, .next = a->envelope.data_offset};
    struct record r;

    while (record_read(&reader, &r) == RECORD_OK && (r.type == REC_LINE || r.type == REC_PART)) {
        if (only_header && r.len == 0 && r.type == REC_LINE)
            break;
        str_add(out, r.payload, r.len);
        if (r.type == REC_LINE)
            str_addc(out, '\n');
    }
}

static void add_original(struct draft *d)
{
    const struct notice_about *a = d->about;
    bool whole = is_whole(d);
    struct str content = {0}, quoted = {0}, sender = {0};

    if (a->bytes == NULL)
        return;
    str_setf(&d->field, "<%s>", quote_822(sender_or_daemon(a, &sender), &quoted));
    add_field(d, &content, "Return-Path", "");
    add_records(a, !whole, &content);
    bool says_8bit = d->is_8bit || is_8bit(&content);
    if (whole)
        add_part(d, kinds[d->notice->kind].returned, d->is_utf8 ? "message/global" : "message/rfc822", says_8bit,
            &content);
    else
        add_part(d, kinds[d->notice->kind].headers, d->is_utf8 ? "message/global-headers" : "text/rfc822-headers",
            says_8bit, &content);
    str_done(&quoted);
    str_done(&sender);
}

/* --- the mail --- */

static void add_header(struct draft *d, const char *recipient, const char *encoding, struct str *out)
{
    const struct bounce_template *t = bounce_texts_template(d->notice->kind);
    const char *message_id = d->about->envelope.message_id;
    bool is_sender = d->notice->reader == NOTICE_SENDER;
    struct str quoted = {0};

    str_addf(out, "From: %s\nSubject: %s\n", t->from,
        is_sender || t->postmaster_subject == NULL ? t->subject : t->postmaster_subject);
    add_text_field(d, out, "To", quote_822(recipient, &quoted));
    if (conf.enable_threaded_bounces && message_id != NULL && *message_id != 0) {
        add_text_field(d, out, "References", message_id);
        add_text_field(d, out, "In-Reply-To", message_id);
    }
    str_addf(out, "Auto-Submitted: %s\nMIME-Version: 1.0\n", is_sender ? "auto-replied" : "auto-generated");
    str_addf(out, "Content-Type: multipart/report; report-type=delivery-status;\n\tboundary=\"%s\"\n", d->boundary);
    if (*encoding != 0)
        str_addf(out, "Content-Transfer-Encoding: %s\n", encoding);
    str_adds(out, "\nThis is a message in MIME format.\n");
    str_done(&quoted);
}

/* Nobody who wrote the message could know the time to the microsecond. */
static void make_boundary(struct draft *d)
{
    struct timeval now = clock_wall();

    snprintf(d->boundary, sizeof(d->boundary), "%.30s.%ld%06ld/%s", d->about->queue_id, (long) now.tv_sec,
        (long) now.tv_usec, conf.myhostname);
}

const char *bounce_notice_build(const struct notice *n, const char *recipient, struct str *text)
{
    const char *encoding = n->about->envelope.encoding != NULL ? n->about->envelope.encoding : "";
    struct draft d = {.notice = n, .about = n->about, .is_utf8 = bounce_notice_is_utf8(n->about),
        .is_8bit = conf.smtputf8_enable || bounce_notice_is_utf8(n->about) || strcmp(encoding, "8bit") == 0};

    make_boundary(&d);
    add_for_people(&d);
    add_for_programs(&d);
    add_original(&d);
    str_addf(&d.body, "\n--%s--\n", d.boundary);
    if (d.is_8bit || is_8bit(&d.body))
        encoding = "8bit";
    add_header(&d, recipient, encoding, text);
    str_add(text, str_text(&d.body), d.body.len);
    str_done(&d.body);
    str_done(&d.field);
    return encoding;
}
