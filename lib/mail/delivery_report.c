/* delivery_report.c: the end of a recipient, for delivery agents.
 *
 * Each outcome is one row of a table: what it is called when mail is delivered, and when an
 * address is only tried out (sendmail -bv, the verify service), and which service keeps it.
 */
#include <ctype.h>
#include <strings.h>

#include "base/log.h"
#include "base/task.h"
#include "config/config.h"
#include "mail/bounce_client.h"
#include "mail/delivery.h"
#include "mail/quote.h"
#include "mail/verify_client.h"
#include "table/table.h"

/* --- delays --- */

static struct timeval elapsed(struct timeval from, struct timeval to)
{
    struct timeval d = {.tv_sec = to.tv_sec - from.tv_sec, .tv_usec = to.tv_usec - from.tv_usec};

    if (d.tv_usec < 0) {
        d.tv_sec--;
        d.tv_usec += 1000000;
    }
    return d.tv_sec < 0 ? (struct timeval){0} : d; /* the clock was set back */
}

/* How many decimals leave two significant digits, within the limit. */
static int decimals_of(struct timeval d)
{
    int decimals, limit = conf.delay_logging_resolution_limit;

    if (d.tv_sec >= 10)
        return 0;
    if (d.tv_sec > 0)
        return limit < 1 ? limit : 1;
    decimals = 2;
    for (long first = 100000; first > d.tv_usec && decimals < 6; first /= 10)
        decimals++;
    return decimals < limit ? decimals : limit;
}

static void add_number(struct str *out, long number, int width)
{
    char digits[24], *p = digits + sizeof(digits);

    for (; number > 0 || width > 0; number /= 10, width--)
        *--p = (char) ('0' + number % 10);
    str_add(out, p, (size_t) (digits + sizeof(digits) - p));
}

void delivery_format_delay(struct str *out, struct timeval from, struct timeval to)
{
    struct timeval d = elapsed(from, to);
    int decimals = decimals_of(d);
    long unit = 1000000;

    for (int i = 0; i < decimals; i++)
        unit /= 10;
    d.tv_usec += unit / 2;
    if (d.tv_usec >= 1000000) {
        d.tv_sec++;
        d.tv_usec -= 1000000;
    }
    long fraction = d.tv_usec / unit;
    while (decimals > 0 && fraction % 10 == 0) {
        fraction /= 10;
        decimals--;
    }
    add_number(out, (long) d.tv_sec, 1);
    if (decimals > 0) {
        str_addc(out, '.');
        add_number(out, fraction, decimals);
    }
}

/* delay=total, delays=before qmgr / in qmgr / connection setup / transmission */
static void add_delays(struct str *line, const struct delivery *d)
{
    struct timeval now = d->finished.tv_sec != 0 ? d->finished : clock_wall();
    struct timeval begin = d->agent_begin.tv_sec != 0 ? d->agent_begin : d->handed_over;
    struct timeval connected = d->connected;

    if (connected.tv_sec == 0) /* an agent that never connects, or one that could not */
        connected = d->finished.tv_sec != 0 ? begin : now;
    str_adds(line, ", delay=");
    delivery_format_delay(line, d->arrival, now);
    str_adds(line, ", delays=");
    delivery_format_delay(line, d->arrival, d->active);
    str_addc(line, '/');
    delivery_format_delay(line, d->active, begin);
    str_addc(line, '/');
    delivery_format_delay(line, begin, connected);
    str_addc(line, '/');
    delivery_format_delay(line, connected, now);
}

/* --- the log line --- */

static void add_address(struct str *line, const char *address)
{
    struct str quoted = {0};

    str_adds(line, strcmp(conf.info_log_address_format, "internal") == 0 ? address : quote_822(address, &quoted));
    str_done(&quoted);
}

static void write_log(const struct delivery *d, const struct delivery_recipient *r, const char *relay,
    const char *extra, const char *status, const struct dsn *dsn)
{
    struct str line = {0};

    str_reserve(&line, 512);
    str_adds(&line, d->queue_id);
    str_adds(&line, ": to=<");
    add_address(&line, r->address);
    if (*r->original != 0 && strcasecmp(r->address, r->original) != 0) {
        str_adds(&line, ">, orig_to=<");
        add_address(&line, r->original);
    }
    str_adds(&line, ">, relay=");
    str_adds(&line, relay);
    str_adds(&line, extra);
    add_delays(&line, d);
    if (d->tls != NULL) {
        str_adds(&line, ", tls=");
        str_adds(&line, d->tls);
    }
    str_adds(&line, ", dsn=");
    str_adds(&line, dsn->status);
    str_adds(&line, ", status=");
    str_adds(&line, status);
    str_adds(&line, " (");
    str_adds(&line, dsn->reason);
    str_addc(&line, ')');
    log_line(LOG_LINE_INFO, str_text(&line));
    str_done(&line);
}

/* --- the services --- */

/* What a probe has found, for whoever waits for it: under the address that was asked for, and under that
 * which it was rewritten to. */
static bool tell_verify(const struct delivery_recipient *r, enum verify_status status, const char *text)
{
    const char *asked = *r->original != 0 ? r->original : r->address;

    return verify_update(asked, status, text) &&
        (strcmp(asked, r->address) == 0 || verify_update(r->address, status, text));
}

/* A report tells also which way the message went. */
static bool trace(const struct delivery *d, const struct delivery_recipient *r, const char *relay,
    const struct dsn *dsn)
{
    struct dsn report = *dsn;
    struct str text = {0};

    if (strcmp(relay, "none") != 0) {
        str_setf(&text, "delivery via %s: %s", relay, dsn->reason);
        report.reason = str_text(&text);
    }
    bool ok = bounce_append(BOUNCE_SERVICE_TRACE, d->queue_id, r, relay, &report);
    str_done(&text);
    return ok;
}

/* --- the filter --- */

static struct table_list *status_filter;
static const char *status_filter_name;

void delivery_set_status_filter(const char *parameter, const char *tables)
{
    status_filter_name = parameter;
    table_list_close(status_filter);
    status_filter = *tables != 0 ? table_list_open(tables, 0) : NULL;
}

struct filtered {
    struct dsn dsn;
    struct str text;
    char status[DSN_STATUS_SIZE];
};

/* A success cannot become a failure, nor the reverse. */
static void filter(const struct dsn *dsn, struct filtered *f)
{
    struct str key = {0};

    *f = (struct filtered){.dsn = *dsn};
    if (status_filter == NULL)
        return;
    str_addf(&key, "%s %s", dsn->status, dsn->reason);
    if (table_list_find(status_filter, str_text(&key), &f->text) == TABLE_FOUND) {
        const char *rest = dsn_split(str_text(&f->text), "", f->status);
        if (*f->status == 0 || (*f->status == '2') != (*dsn->status == '2'))
            log_warn("%s: bad status code: %s", status_filter_name, str_text(&f->text));
        else {
            f->dsn.status = f->status;
            if (*rest != 0)
                f->dsn.reason = rest;
        }
    }
    str_done(&key);
}

/* --- outcomes --- */

static struct dsn with_action(const struct dsn *dsn, const char *action)
{
    struct dsn copy = *dsn;

    copy.action = action;
    return copy;
}

/* An address is only tried out: report, and be done with it, unless nobody takes the report. */
static bool is_probe(struct delivery *d, struct delivery_recipient *r, const char *relay, const char *extra,
    const struct dsn *dsn, enum verify_status status)
{
    bool ok = true;

    if ((d->flags & (DELIVERY_TRACE_VERIFY | DELIVERY_TRACE_BV)) == 0)
        return false;
    struct dsn report = with_action(dsn, status == VERIFY_OK ? "deliverable" : "undeliverable");
    if ((d->flags & DELIVERY_TRACE_VERIFY) == 0)
        ok = trace(d, r, relay, &report);
    else if (status == VERIFY_OK || conf.address_verify_negative_cache)
        ok = tell_verify(r, status, dsn->reason);
    else
        report.action = "undeliverable-but-not-cached";
    if (ok)
        write_log(d, r, relay, extra, report.action, dsn);
    r->outcome = ok ? OUTCOME_DONE : OUTCOME_DEFERRED;
    return true;
}

static void defer(struct delivery *d, struct delivery_recipient *r, const char *relay, const char *extra,
    const struct dsn *dsn, const char *word)
{
    struct dsn report = with_action(dsn, "delayed");

    r->outcome = OUTCOME_DEFERRED;
    if (!bounce_append(BOUNCE_SERVICE_DEFER, d->queue_id, r, relay, &report))
        log_warn("%s: %s service failure", d->queue_id, conf.defer_service_name);
    if ((d->flags & DELIVERY_TRACE_V) != 0 && !trace(d, r, relay, &report))
        log_warn("%s: %s service failure", d->queue_id, conf.trace_service_name);
    write_log(d, r, relay, extra, word, dsn);
}

/* The report could not be stored: try the recipient again, rather than lose it without a word. */
static void defer_for_services(struct delivery *d, struct delivery_recipient *r, const char *relay,
    const char *extra, const char *services)
{
    struct str text = {0};

    str_addf(&text, "%s service failure", services);
    struct dsn dsn = {.status = "4.3.0", .action = "", .reason = str_text(&text), .diag_type = "", .diag_text = "",
        .mta_type = "", .mta_name = ""};
    defer(d, r, relay, extra, &dsn, "deferred");
    str_done(&text);
}

static bool tell_owner(const struct delivery *d, const struct delivery_recipient *r, const char *relay,
    const struct dsn *dsn)
{
    struct bounce_message m = {.queue_id = d->queue_id, .queue = d->queue, .sender = d->sender, .owner = d->owner,
        .encoding = d->encoding, .envelope_id = d->envelope_id, .where = d->where, .dsn_ret = d->dsn_ret,
        .sendopts = d->sendopts};

    return bounce_one(&m, r, relay, dsn);
}

static void bounce(struct delivery *d, struct delivery_recipient *r, const char *relay, const char *extra,
    const struct dsn *dsn)
{
    struct str services = {0};
    struct dsn report = with_action(dsn, "failed");

    bool is_told = d->owner != NULL ? tell_owner(d, r, relay, &report)
                                    : bounce_append(BOUNCE_SERVICE_BOUNCE, d->queue_id, r, relay, &report);
    if (is_told &&
        ((d->flags & DELIVERY_TRACE_V) == 0 || trace(d, r, relay, &report))) {
        r->outcome = OUTCOME_DONE;
        write_log(d, r, relay, extra, "bounced", dsn);
        return;
    }
    str_addf(&services, "%s or %s", conf.bounce_service_name, conf.trace_service_name);
    defer_for_services(d, r, relay, extra, str_text(&services));
    str_done(&services);
}

/* A report of success is asked for by the message's sender (RFC 3461), by sendmail -v, or because he
 * was told of a delay, as nobody is of a notification's. */
static bool wants_success(const struct delivery *d, const struct delivery_recipient *r)
{
    bool was_told = (d->flags & DELIVERY_TRACE_DELAY) != 0 && *d->sender != 0 &&
        (r->dsn_notify == 0 || (r->dsn_notify & DSN_NOTIFY_DELAY) != 0);

    return was_told || (d->flags & DELIVERY_TRACE_V) != 0 || (r->dsn_notify & DSN_NOTIFY_SUCCESS) != 0;
}

void delivery_sent(struct delivery *d, struct delivery_recipient *r, const char *relay, const char *extra,
    const struct dsn *dsn)
{
    struct filtered f;

    filter(dsn, &f);
    if (!is_probe(d, r, relay, extra, &f.dsn, VERIFY_OK)) {
        struct dsn report = with_action(&f.dsn, *f.dsn.action != 0 ? f.dsn.action : "delivered");
        bool wants_report = wants_success(d, r);
        if (wants_report && !trace(d, r, relay, &report))
            defer_for_services(d, r, relay, extra, conf.trace_service_name);
        else {
            r->outcome = OUTCOME_DONE;
            r->is_sent = !wants_report;
            write_log(d, r, relay, extra, "sent", &f.dsn);
        }
    }
    str_done(&f.text);
}

/* 4.x.x or 5.x.x decides, after the filter. */
static void failed(struct delivery *d, struct delivery_recipient *r, const char *relay, const char *extra,
    const struct dsn *dsn)
{
    struct filtered f;
    char soft[DSN_STATUS_SIZE];

    filter(dsn, &f);
    bool is_hard = *f.dsn.status == '5';
    if (is_probe(d, r, relay, extra, &f.dsn, is_hard ? VERIFY_BOUNCE : VERIFY_DEFER)) {
        str_done(&f.text);
        return;
    }
    if (!is_hard)
        defer(d, r, relay, extra, &f.dsn, "deferred");
    else if (conf.soft_bounce) {
        strncpy(soft, f.dsn.status, sizeof(soft) - 1);
        soft[sizeof(soft) - 1] = 0;
        soft[0] = '4';
        f.dsn.status = soft;
        defer(d, r, relay, extra, &f.dsn, "SOFTBOUNCE");
    } else
        bounce(d, r, relay, extra, &f.dsn);
    str_done(&f.text);
}

void delivery_deferred(struct delivery *d, struct delivery_recipient *r, const char *relay, const char *extra,
    const struct dsn *dsn)
{
    failed(d, r, relay, extra, dsn);
}

void delivery_bounced(struct delivery *d, struct delivery_recipient *r, const char *relay, const char *extra,
    const struct dsn *dsn)
{
    failed(d, r, relay, extra, dsn);
}
