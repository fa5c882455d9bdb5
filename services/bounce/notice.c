#include "services/bounce/notice.h"

#include <stdio.h>
#include <strings.h>

#include "base/clock.h"
#include "base/utf8.h"
#include "config/config.h"
#include "mail/date.h"
#include "mail/quote.h"
#include "queue/record.h"
#include "services/bounce/reasons.h"

static const struct {
    const char *subject, *text, *returned, *headers, *action, *status; /* the last two where the log has none */
} kinds[] = {
    [NOTICE_FAILURE] = {
        "Undeliverable mail: your message comes back to you",
        "Your message could not be delivered to the recipients listed below, and\n"
        "delivery to them will not be tried again. What the receiving side said is\n"
        "given with each address; the message, or its header, is attached.\n",
        "Undelivered Message", "Undelivered Message Headers", "failed", "5.0.0"},
    [NOTICE_DELAY] = {
        "Delayed mail: delivery is still being tried",
        "Your message could not yet be delivered to the recipients listed below.\n"
        "Nothing needs to be done: delivery goes on being tried, and you will hear\n"
        "again if it fails for good.\n",
        "Undelivered Message", "Undelivered Message Headers", "delayed", "4.0.0"},
    [NOTICE_SUCCESS] = {
        "Delivery report for your message",
        "This is the report that was asked for: what became of your message for the\n"
        "recipients listed below. It is not a request to send it again.\n",
        "Message", "Message Headers", "delivered", "2.0.0"},
    [NOTICE_VERIFY] = {
        "Deliverability report",
        "This is the report that was asked for: whether mail for the addresses listed\n"
        "below would be delivered. No message was sent to them.\n",
        "Message", "Message Headers", "deliverable", "2.0.0"},
};

static const char postmaster_text[] =
    "This goes to the postmaster: mail that passed here has met with what is\n"
    "given below.\n";

enum {
    BOUNDARY_LEN = 70,  /* RFC 2046 5.1.1 */
    WIDTH = 75,         /* where lines are folded */
    LONGEST = 900       /* what has no blanks is broken here: RFC 5322 2.1.1 allows 998 */
};

struct notice {
    struct str body, field;
    char boundary[BOUNDARY_LEN + 1];
    const struct notice_about *about;
    enum notice_kind kind;
    enum notice_reader reader;
};

bool bounce_notice_is_utf8(const struct notice_about *about)
{
    return (about->sendopts & SENDOPT_SMTPUTF8_REQUESTED) != 0;
}

/* --- text of others --- */

/* What a far server said, or an address, as part of a line of ours: nothing that could end the line,
 * and 8-bit only if it is UTF-8 where that may stand. */
static void make_harmless(char *text, bool may_be_utf8)
{
    bool is_kept = may_be_utf8 && utf8_is_valid(text, strlen(text));

    for (unsigned char *p = (unsigned char *) text; *p != 0; p++)
        if (*p == '\t' || *p == '\r' || *p == '\n')
            *p = ' ';
        else if (*p < ' ' || *p == 0x7f || (*p >= 0x80 && !is_kept))
            *p = '?';
}

/* Not within a UTF-8 character. */
static size_t break_at(const char *text, size_t n)
{
    while (n > 1 && ((unsigned char) text[n] & 0xc0) == 0x80)
        n--;
    return n;
}

/* Fold at blanks, so that long replies stay readable. */
static void add_folded(struct str *out, const char *text)
{
    static const char indent[] = "    ";
    size_t width = WIDTH;

    while (strlen(text) > width) {
        size_t n = width;
        while (n > 0 && text[n] != ' ')
            n--;
        if (n == 0)
            n = strcspn(text, " ");
        if (n > LONGEST)
            n = break_at(text, LONGEST);
        str_addf(out, "%.*s\n", (int) n, text);
        text += n + strspn(text + n, " ");
        if (*text == 0)
            return;
        str_adds(out, indent);
        width = WIDTH - strlen(indent);
    }
    str_addf(out, "%s\n", text);
}

/* A header field; what is in n->field is its value. */
static void add_field(struct notice *n, struct str *out, const char *name, const char *type)
{
    struct str line = {0};

    str_setf(&line, "%s: %s%s", name, type, str_text(&n->field));
    make_harmless(line.data, bounce_notice_is_utf8(n->about));
    add_folded(out, str_text(&line));
    str_done(&line);
}

static void add_text_field(struct notice *n, struct str *out, const char *name, const char *value)
{
    str_set(&n->field, value);
    add_field(n, out, name, "");
}

/* "rfc822; user@example.com": RFC 3464 2.1.2, RFC 6533 3. */
static void add_address_field(struct notice *n, struct str *out, const char *name, const char *blank,
    const char *address)
{
    struct str quoted = {0};
    bool is_ascii = utf8_is_ascii(address, strlen(address));

    str_setf(&n->field, "%s%s", blank, quote_822(address, &quoted));
    add_field(n, out, name, is_ascii ? "rfc822;" : "utf-8;");
    str_done(&quoted);
}

/* --- parts --- */

static bool is_8bit(const struct str *text)
{
    return !utf8_is_ascii(str_text(text), text->len);
}

/* content is the part's own text, and is gone afterwards. */
static void add_part(struct notice *n, const char *description, const char *type, struct str *content)
{
    str_addf(&n->body, "\n--%s\nContent-Description: %s\nContent-Type: %s\n", n->boundary, description, type);
    if (is_8bit(content))
        str_adds(&n->body, "Content-Transfer-Encoding: 8bit\n");
    str_addc(&n->body, '\n');
    str_add(&n->body, str_text(content), content->len);
    str_done(content);
}

static void add_for_people(struct notice *n, const struct vec *entries)
{
    struct str text = {0}, line = {0}, quoted = {0};

    str_addf(&text, "This is the mail system of %s.\n\n%s", conf.myhostname,
        n->reader == NOTICE_SENDER ? kinds[n->kind].text : postmaster_text);
    for (size_t i = 0; i < entries->count; i++) {
        const struct reason *r = entries->items[i];
        str_setf(&line, "<%s>", quote_822(r->recipient.address, &quoted));
        if (*r->recipient.original != 0 && strcasecmp(r->recipient.address, r->recipient.original) != 0)
            str_addf(&line, " (expanded from <%s>)", quote_822(r->recipient.original, &quoted));
        str_addf(&line, ": %s", r->dsn.reason);
        make_harmless(line.data, true);
        str_addc(&text, '\n');
        add_folded(&text, str_text(&line));
    }
    add_part(n, "Notification", is_8bit(&text) ? "text/plain; charset=utf-8" : "text/plain; charset=us-ascii", &text);
    str_done(&line);
    str_done(&quoted);
}

/* RFC 3464 2.2 */
static void add_message_fields(struct notice *n, struct str *t)
{
    const struct notice_about *a = n->about;

    str_addf(t, "Reporting-MTA: dns; %s\n", conf.myhostname);
    if (*a->envelope_id != 0)
        add_text_field(n, t, "Original-Envelope-Id", a->envelope_id);
    str_addf(t, "X-Postfix-Queue-ID: %s\n", a->queue_id);
    add_address_field(n, t, "X-Postfix-Sender", " ", *a->sender != 0 ? a->sender : "<>");
    if (a->envelope.arrival.tv_sec > 0)
        str_addf(t, "Arrival-Date: %s\n", date_rfc5322(a->envelope.arrival.tv_sec));
}

static const char *action(const struct notice *n, const struct reason *r)
{
    if (n->kind == NOTICE_FAILURE)
        return "failed"; /* the defer log of a message that is too old says "delayed" */
    return *r->dsn.action != 0 ? r->dsn.action : kinds[n->kind].action;
}

/* RFC 3464 2.3 */
static void add_recipient_fields(struct notice *n, struct str *t, const struct reason *r)
{
    const struct envelope *e = &n->about->envelope;
    bool has_diag = *r->dsn.diag_text != 0;

    str_addc(t, '\n');
    add_address_field(n, t, "Final-Recipient", " ", r->recipient.address);
    if (*r->recipient.dsn_orcpt != 0)
        add_text_field(n, t, "Original-Recipient", r->recipient.dsn_orcpt);
    else if (*r->recipient.original != 0)
        add_address_field(n, t, "Original-Recipient", "", r->recipient.original);
    add_text_field(n, t, "Action", action(n, r));
    add_text_field(n, t, "Status", *r->dsn.status != 0 ? r->dsn.status : kinds[n->kind].status);
    if (*r->dsn.mta_name != 0) {
        str_setf(&n->field, "%s; %s", *r->dsn.mta_type != 0 ? r->dsn.mta_type : "dns", r->dsn.mta_name);
        add_field(n, t, "Remote-MTA", "");
    }
    str_setf(&n->field, "%s; %s", has_diag && *r->dsn.diag_type != 0 ? r->dsn.diag_type : "X-Postfix",
        has_diag ? r->dsn.diag_text : r->dsn.reason);
    add_field(n, t, "Diagnostic-Code", "");
    if (n->kind == NOTICE_DELAY && e->create_time > 0)
        str_addf(t, "Will-Retry-Until: %s\n", date_rfc5322(e->create_time + conf.maximal_queue_lifetime));
}

static void add_for_programs(struct notice *n, const struct vec *entries)
{
    struct str content = {0};

    add_message_fields(n, &content);
    for (size_t i = 0; i < entries->count; i++)
        add_recipient_fields(n, &content, entries->items[i]);
    add_part(n, "Delivery report",
        bounce_notice_is_utf8(n->about) ? "message/global-delivery-status" : "message/delivery-status", &content);
}

/* --- the original --- */

/* All of it, if it is asked for (RFC 3461 4.3), small enough, and the reader's own. */
static bool is_whole(const struct notice *n)
{
    const struct notice_about *a = n->about;

    return n->kind == NOTICE_FAILURE && n->reader != NOTICE_COPY && a->dsn_ret != DSN_RET_HDRS &&
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

static void add_original(struct notice *n)
{
    const struct notice_about *a = n->about;
    bool whole = is_whole(n), is_utf8 = bounce_notice_is_utf8(a);
    struct str content = {0}, quoted = {0};

    if (a->bytes == NULL)
        return;
    str_setf(&n->field, "<%s>", quote_822(a->sender, &quoted));
    add_field(n, &content, "Return-Path", "");
    add_records(a, !whole, &content);
    if (whole)
        add_part(n, kinds[n->kind].returned, is_utf8 ? "message/global" : "message/rfc822", &content);
    else
        add_part(n, kinds[n->kind].headers, is_utf8 ? "message/global-headers" : "text/rfc822-headers", &content);
    str_done(&quoted);
}

/* --- the mail --- */

static void add_header(struct notice *n, const char *recipient, struct str *out)
{
    const struct envelope *e = &n->about->envelope;
    bool is_sender = n->reader == NOTICE_SENDER;
    struct str quoted = {0};

    str_addf(out, "Date: %s\n", date_rfc5322(clock_wall().tv_sec));
    str_addf(out, "From: Mail Delivery System <MAILER-DAEMON@%s>\n", conf.myorigin);
    str_addf(out, "Subject: %s%s\n", is_sender ? "" : "Postmaster copy: ", kinds[n->kind].subject);
    add_text_field(n, out, "To", quote_822(recipient, &quoted));
    str_addf(out, "Auto-Submitted: %s\nMIME-Version: 1.0\n", is_sender ? "auto-replied" : "auto-generated");
    str_addf(out, "Content-Type: multipart/report; report-type=%sdelivery-status;\n\tboundary=\"%s\"\n",
        bounce_notice_is_utf8(n->about) ? "global-" : "", n->boundary);
    if (is_8bit(&n->body))
        str_adds(out, "Content-Transfer-Encoding: 8bit\n");
    if (conf.enable_threaded_bounces && e->message_id != NULL && *e->message_id != 0) {
        add_text_field(n, out, "In-Reply-To", e->message_id);
        add_text_field(n, out, "References", e->message_id);
    }
    str_adds(out, "\nThis is a message in MIME format.\n");
    str_done(&quoted);
}

/* Nobody who wrote the message could know the time to the microsecond. */
static void make_boundary(struct notice *n)
{
    struct timeval now = clock_wall();

    snprintf(n->boundary, sizeof(n->boundary), "%.30s.%ld%06ld/%s", n->about->queue_id, (long) now.tv_sec,
        (long) now.tv_usec, conf.myhostname);
}

bool bounce_notice_build(struct str *text, enum notice_kind kind, enum notice_reader reader, const char *recipient,
    const struct notice_about *about, const struct vec *entries)
{
    struct notice n = {.about = about, .kind = kind, .reader = reader};

    make_boundary(&n);
    add_for_people(&n, entries);
    add_for_programs(&n, entries);
    add_original(&n);
    str_addf(&n.body, "\n--%s--\n", n.boundary);
    add_header(&n, recipient, text);
    str_add(text, str_text(&n.body), n.body.len);
    str_done(&n.body);
    str_done(&n.field);
    return is_8bit(text);
}
