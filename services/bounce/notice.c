#include "services/bounce/notice.h"

#include <stdio.h>

#include "base/clock.h"
#include "base/log.h"
#include "base/utf8.h"
#include "config/config.h"
#include "mail/cleanup_client.h"
#include "mail/date.h"
#include "mail/quote.h"
#include "queue/record.h"
#include "services/bounce/reasons.h"

static const struct {
    const char *subject, *text, *returned, *default_action;
} kinds[] = {
    [NOTICE_FAILURE] = {
        "Undeliverable mail: your message comes back to you",
        "Your message could not be delivered to the recipients listed below, and\n"
        "delivery to them will not be tried again. What the receiving side said is\n"
        "given with each address; the message, or its header, is attached.\n",
        "Undelivered Message", "failed"},
    [NOTICE_DELAY] = {
        "Delayed mail: delivery is still being tried",
        "Your message could not yet be delivered to the recipients listed below.\n"
        "Nothing needs to be done: delivery goes on being tried, and you will hear\n"
        "again if it fails for good.\n",
        "Undelivered Message Headers", "delayed"},
    [NOTICE_SUCCESS] = {
        "Delivery report for your message",
        "This is the report that was asked for: what became of your message for the\n"
        "recipients listed below. It is not a request to send it again.\n",
        "Delivered Message", "delivered"},
    [NOTICE_VERIFY] = {
        "Deliverability report",
        "This is the report that was asked for: whether mail for the addresses listed\n"
        "below would be delivered. No message was sent to them.\n",
        "Message", "deliverable"},
};

struct notice {
    struct str text;
    char boundary[128];
    const struct notice_about *about;
    enum notice_kind kind;
};

static bool is_utf8(const struct notice_about *about)
{
    return (about->sendopts & SENDOPT_SMTPUTF8_REQUESTED) != 0;
}

static void add_header(struct notice *n, const char *recipient)
{
    struct str *t = &n->text, quoted = {0};
    time_t now = clock_wall().tv_sec;

    str_addf(t, "Date: %s\n", date_rfc5322(now));
    str_addf(t, "From: Mail Delivery System <MAILER-DAEMON@%s>\n", conf.myorigin);
    str_addf(t, "Subject: %s\n", kinds[n->kind].subject);
    str_addf(t, "To: %s\n", quote_822(recipient, &quoted));
    str_adds(t, "Auto-Submitted: auto-replied\nMIME-Version: 1.0\n");
    str_addf(t, "Content-Type: multipart/report; report-type=%sdelivery-status;\n\tboundary=\"%s\"\n",
        is_utf8(n->about) ? "global-" : "", n->boundary);
    if (strcmp(n->about->encoding, "8bit") == 0)
        str_adds(t, "Content-Transfer-Encoding: 8bit\n");
    if (n->about->envelope.message_id != NULL && *n->about->envelope.message_id != 0)
        str_addf(t, "In-Reply-To: %s\nReferences: %s\n", n->about->envelope.message_id, n->about->envelope.message_id);
    str_adds(t, "\nThis is a message in MIME format.\n");
    str_done(&quoted);
}

static void begin_part(struct notice *n, const char *description, const char *type)
{
    str_addf(&n->text, "\n--%s\nContent-Description: %s\nContent-Type: %s\n", n->boundary, description, type);
    if (strcmp(n->about->encoding, "8bit") == 0)
        str_adds(&n->text, "Content-Transfer-Encoding: 8bit\n");
    str_addc(&n->text, '\n');
}

/* Fold at blanks, so that long replies stay readable and within 998 octets (RFC 5322 2.1.1). */
static void add_folded(struct str *out, const char *text, const char *indent)
{
    enum { WIDTH = 75 };
    size_t width = WIDTH - strlen(indent);

    while (strlen(text) > width) {
        size_t n = width;
        while (n > 0 && text[n] != ' ')
            n--;
        if (n == 0)
            n = strcspn(text, " ");
        str_addf(out, "%.*s\n", (int) n, text);
        text += n + strspn(text + n, " ");
        if (*text == 0)
            return;
        str_adds(out, indent);
    }
    str_addf(out, "%s\n", text);
}

static void add_for_people(struct notice *n, const struct vec *entries)
{
    struct str *t = &n->text;

    begin_part(n, "Notification", is_utf8(n->about) ? "text/plain; charset=utf-8" : "text/plain; charset=us-ascii");
    str_addf(t, "This is the mail system of %s.\n\n%s\n", conf.myhostname, kinds[n->kind].text);
    for (size_t i = 0; i < entries->count; i++) {
        const struct reason *r = entries->items[i];
        struct str line = {0}, quoted = {0};
        str_setf(&line, "<%s>", quote_822(r->recipient.address, &quoted));
        if (strcasecmp(r->recipient.address, r->recipient.original) != 0)
            str_addf(&line, " (expanded from <%s>)", r->recipient.original);
        str_addf(&line, ": %s", r->dsn.reason);
        add_folded(t, str_text(&line), "    ");
        str_addc(t, '\n');
        str_done(&line);
        str_done(&quoted);
    }
}

static const char *address_type(const char *address)
{
    return utf8_is_ascii(address, strlen(address)) ? "rfc822" : "utf-8";
}

/* RFC 3464 2.2 */
static void add_message_fields(struct notice *n)
{
    struct str *t = &n->text, quoted = {0};
    const struct notice_about *a = n->about;

    str_addf(t, "Reporting-MTA: dns; %s\n", conf.myhostname);
    if (*a->envelope_id != 0)
        str_addf(t, "Original-Envelope-Id: %s\n", a->envelope_id);
    str_addf(t, "X-Postfix-Queue-ID: %s\n", a->queue_id);
    str_addf(t, "X-Postfix-Sender: %s; %s\n", address_type(a->sender), quote_822(a->sender, &quoted));
    if (a->envelope.arrival.tv_sec > 0)
        str_addf(t, "Arrival-Date: %s\n", date_rfc5322(a->envelope.arrival.tv_sec));
    str_done(&quoted);
}

/* RFC 3464 2.3 */
static void add_recipient_fields(struct notice *n, const struct reason *r)
{
    struct str *t = &n->text, quoted = {0}, field = {0};
    const char *action = *r->dsn.action != 0 ? r->dsn.action : kinds[n->kind].default_action;

    if (n->kind == NOTICE_FAILURE)
        action = "failed"; /* the defer log of a message that is too old says "delayed" */
    str_addf(t, "\nFinal-Recipient: %s; %s\n", address_type(r->recipient.address), quote_822(r->recipient.address, &quoted));
    if (*r->recipient.dsn_orcpt != 0)
        str_addf(t, "Original-Recipient: %s\n", r->recipient.dsn_orcpt);
    else if (*r->recipient.original != 0)
        str_addf(t, "Original-Recipient: %s;%s\n", address_type(r->recipient.original), r->recipient.original);
    str_addf(t, "Action: %s\n", action);
    str_addf(t, "Status: %s\n", *r->dsn.status != 0 ? r->dsn.status : "5.0.0");
    if (*r->dsn.mta_name != 0)
        str_addf(t, "Remote-MTA: %s; %s\n", *r->dsn.mta_type != 0 ? r->dsn.mta_type : "dns", r->dsn.mta_name);
    str_setf(&field, "Diagnostic-Code: %s; %s", *r->dsn.diag_text != 0 ? r->dsn.diag_type : "X-Postfix",
        *r->dsn.diag_text != 0 ? r->dsn.diag_text : r->dsn.reason);
    add_folded(t, str_text(&field), "    ");
    if (n->kind == NOTICE_DELAY && n->about->envelope.arrival.tv_sec > 0)
        str_addf(t, "Will-Retry-Until: %s\n", date_rfc5322(n->about->envelope.create_time + conf.maximal_queue_lifetime));
    str_done(&quoted);
    str_done(&field);
}

static void add_for_programs(struct notice *n, const struct vec *entries)
{
    begin_part(n, "Delivery report", is_utf8(n->about) ? "message/global-delivery-status" : "message/delivery-status");
    add_message_fields(n);
    for (size_t i = 0; i < entries->count; i++)
        add_recipient_fields(n, entries->items[i]);
}

/* The original: all of it if it is asked for (RFC 3461 4.3) and small enough, else its header. */
static void add_original(struct notice *n)
{
    const struct notice_about *a = n->about;
    bool is_whole = n->kind == NOTICE_FAILURE && a->dsn_ret != DSN_RET_HDRS &&
        (conf.bounce_size_limit == 0 || a->envelope.data_size <= (uint64_t) conf.bounce_size_limit);
    struct record_reader reader = {.bytes = a->bytes, .n = a->n, .next = a->envelope.data_offset};
    struct record r;

    if (a->bytes == NULL)
        return;
    if (is_whole)
        begin_part(n, kinds[n->kind].returned, is_utf8(a) ? "message/global" : "message/rfc822");
    else
        begin_part(n, "Undelivered Message Headers", is_utf8(a) ? "message/global-headers" : "text/rfc822-headers");
    while (record_read(&reader, &r) == RECORD_OK && (r.type == REC_LINE || r.type == REC_PART)) {
        if (!is_whole && r.len == 0)
            break;
        str_add(&n->text, r.payload, r.len);
        if (r.type == REC_LINE)
            str_addc(&n->text, '\n');
    }
}

static bool store(struct notice *n, const char *from, const char *recipient, struct str *queue_id)
{
    struct cleanup_message *m = cleanup_open(CLEANUP_MASK_INTERNAL | (is_utf8(n->about) ? CLEANUP_SMTPUTF8 : 0));
    struct str reason = {0}, received = {0};

    if (m == NULL)
        return false;
    str_set(queue_id, cleanup_queue_id(m));
    cleanup_attr(m, "rewrite_context", "local");
    cleanup_attr(m, "sender", from);
    cleanup_attr(m, "log_message_origin", "local");
    if (*n->about->encoding != 0)
        cleanup_attr(m, "encoding", n->about->encoding);
    cleanup_recipient(m, recipient, recipient, "", strcmp(from, "") == 0 ? 0 : DSN_NOTIFY_NEVER);
    str_setf(&received, "Received: by %s (%s)\n\tid %s; %s\n", conf.myhostname, conf.mail_name, cleanup_queue_id(m),
        date_rfc5322(clock_wall().tv_sec));
    cleanup_content(m, received.data, received.len);
    cleanup_content(m, n->text.data, n->text.len);
    int status = cleanup_commit(m, &reason);
    if (status != 0)
        log_warn("%s: notification for %s was not accepted: %s", n->about->queue_id, recipient,
            reason.len > 0 ? str_text(&reason) : cleanup_words(status)->text);
    str_done(&reason);
    str_done(&received);
    return status == 0;
}

bool notice_send(enum notice_kind kind, const struct notice_about *about, const struct vec *entries, const char *from,
    const char *recipient, struct str *queue_id)
{
    struct notice n = {.about = about, .kind = kind};
    struct timeval now = clock_wall();

    snprintf(n.boundary, sizeof(n.boundary), "%.40s.%ld%06ld/%.60s", about->queue_id, (long) now.tv_sec,
        (long) now.tv_usec, conf.myhostname);
    add_header(&n, recipient);
    add_for_people(&n, entries);
    add_for_programs(&n, entries);
    add_original(&n);
    str_addf(&n.text, "\n--%s--\n", n.boundary);
    bool ok = store(&n, from, recipient, queue_id);
    str_done(&n.text);
    return ok;
}
