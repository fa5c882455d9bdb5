#include "services/pickup/submit.h"

#include <pwd.h>
#include <string.h>

#include "base/clock.h"
#include "base/log.h"
#include "config/config.h"
#include "mail/cleanup_client.h"
#include "mail/date.h"
#include "mail/mail_source.h"
#include "mail/quote.h"
#include "queue/record.h"

enum { ATTRIBUTES_LIMIT = 48 }; /* what an attribute list has room for, besides our own */
enum { DAY_SECONDS = 24 * 60 * 60, MAY_BE_AHEAD_SECONDS = 1 };
enum {
    STAT_PERMANENT = CLEANUP_STAT_SIZE | CLEANUP_STAT_CONT | CLEANUP_STAT_HOPS | CLEANUP_STAT_RCPT |
        CLEANUP_STAT_NOPERM | CLEANUP_STAT_BARE_LF
};

static struct {
    uid_t owner_uid; /* of requeued files */
    int cleanup_flags;
} setup;

void pickup_submit_init(void)
{
    const struct passwd *owner = getpwnam(conf.mail_owner);

    if (owner == NULL)
        fatal("mail_owner: unknown user name value: %s", conf.mail_owner);
    setup.owner_uid = owner->pw_uid;
    setup.cleanup_flags = mail_source_flags(MAIL_SOURCE_SENDMAIL);
}

/* --- the envelope --- */

static bool is_requeued(const struct drop *d)
{
    return d->st.st_uid == setup.owner_uid;
}

static bool is_one_of(const char *name, size_t n, const char *const *names)
{
    while (*names != NULL && (strlen(*names) != n || memcmp(*names, name, n) != 0))
        names++;
    return *names != NULL;
}

/* People may say only so much about their mail; a requeued file keeps what smtpd once learned, but
 * for what cleanup makes anew, what goes with a recipient, and names that mean something to cleanup. */
static bool is_kept_attribute(const struct drop *d, const char *name, size_t n)
{
    static const char *const from_people[] = {
        "encoding", "envelope_id", "ret_flags", "rewrite_context", "trace_flags", NULL};
    static const char *const not_kept[] = {"create_time", "dsn_orig_rcpt", "filter", "flags", "full_name",
        "notify_flags", "queue_id", "redirect", "request", "sec", "sender", "usec", "verp_delimiters", NULL};

    return is_requeued(d) ? !is_one_of(name, n, not_kept) : is_one_of(name, n, from_people);
}

/* Those behind the content cleanup has found out, and will again. */
static void put_attributes(struct cleanup_message *m, struct drop *d)
{
    struct record_reader reader = {.bytes = d->bytes, .n = (size_t) d->st.st_size};
    struct record r;

    for (int count = 0; count < ATTRIBUTES_LIMIT && record_read(&reader, &r) == RECORD_OK && r.type != REC_MESSAGE;) {
        const char *equals = r.type == REC_ATTR ? memchr(r.payload, '=', r.len) : NULL;
        if (equals == NULL || !is_kept_attribute(d, r.payload, (size_t) (equals - r.payload)))
            continue;
        const char *text = arena_strndup(&d->arena, r.payload, r.len), *value = text + (equals - r.payload) + 1;
        cleanup_attr(m, arena_strndup(&d->arena, r.payload, (size_t) (equals - r.payload)), value);
        count++;
    }
}

/* What is said of filters in the file does not count (postsuper(1)): it may have passed them. */
static void put_envelope(struct cleanup_message *m, struct drop *d)
{
    const struct envelope *e = &d->envelope;

    if (is_requeued(d))
        cleanup_arrival(m, e->arrival);
    cleanup_attr(m, "sender", e->sender);
    cleanup_attr(m, "full_name", e->full_name);
    cleanup_attr(m, "verp_delimiters", e->verp_delimiters);
    cleanup_attr(m, "filter", conf.content_filter);
    if (*e->rewrite_context == 0)
        cleanup_attr(m, "rewrite_context", "local");
    put_attributes(m, d);
    for (size_t i = 0; i < e->recipient_count; i++) {
        const struct envelope_recipient *r = &e->recipients[i];
        cleanup_recipient(m, r->address, *r->original != 0 ? r->original : r->address, r->dsn_orcpt, r->dsn_notify);
    }
}

/* --- the content --- */

static bool put_received(struct cleanup_message *m, const struct drop *d)
{
    struct str text = {0};

    str_addf(&text, "Received: by %s (%s, from userid %ld)\n\tid %s; %s\n", conf.myhostname, conf.mail_name,
        (long) d->st.st_uid, cleanup_queue_id(m), date_rfc5322(clock_wall().tv_sec));
    bool ok = cleanup_content(m, text.data, text.len);
    str_done(&text);
    return ok;
}

/* The records are those that check_records() has seen. */
static void put_content(struct cleanup_message *m, const struct drop *d)
{
    struct record_reader reader = {.bytes = d->bytes, .n = (size_t) d->st.st_size, .next = d->content};
    struct record r;
    bool ok = put_received(m, d), is_first = true;

    while (ok && record_read(&reader, &r) == RECORD_OK && r.type != REC_EXTRACTED) {
        /* White space would continue our own header. */
        if (is_first && r.len > 0 && (*r.payload == ' ' || *r.payload == '\t'))
            cleanup_content(m, "\n", 1);
        is_first = false;
        ok = cleanup_content(m, r.payload, r.len) && (r.type == REC_PART || cleanup_content(m, "\n", 1));
    }
}

/* --- all of it --- */

static void log_taken(const struct drop *d, const char *queue_id)
{
    struct str quoted = {0};
    const char *sender = d->envelope.sender;
    long age = (long) (clock_seconds() - d->st.st_mtime);

    if (age < -MAY_BE_AHEAD_SECONDS)
        log_warn("%s: message dated %ld seconds into the future", queue_id, -age);
    else if (age > DAY_SECONDS)
        log_warn("%s: message has been queued for %ld days", queue_id, age / DAY_SECONDS);
    if (strcasecmp(conf.info_log_address_format, "internal") != 0)
        sender = quote_822(sender, &quoted);
    log_info("%s: uid=%ld from=<%s>%s%s", queue_id, (long) d->st.st_uid, sender, is_requeued(d) ? " orig_id=" : "",
        is_requeued(d) ? d->id : "");
    str_done(&quoted);
}

/* A stranger's mail that was requeued does not become ours to sign. */
static int flags_for(const struct envelope *e)
{
    return setup.cleanup_flags | (strcmp(e->rewrite_context, "remote") == 0 ? 0 : CLEANUP_SIGN) |
        ((e->sendopts & SENDOPT_SMTPUTF8_REQUESTED) != 0 ? CLEANUP_SMTPUTF8 : 0);
}

bool pickup_submit(struct drop *d)
{
    struct cleanup_message *m = cleanup_open(flags_for(&d->envelope));
    struct str reason = {0};

    if (m == NULL)
        return false;
    const char *queue_id = arena_strdup(&d->arena, cleanup_queue_id(m));
    log_taken(d, queue_id);
    put_envelope(m, d);
    put_content(m, d);
    int status = cleanup_commit(m, &reason);
    if (status == 0) {
        pickup_drop_remove(d);
    } else {
        log_warn("%s: error writing %s: %s", str_text(&d->path), queue_id,
            reason.len > 0 ? str_text(&reason) : cleanup_words(status)->text);
        if ((status & ~STAT_PERMANENT) == 0)
            pickup_drop_save(d);
    }
    str_done(&reason);
    return (status & CLEANUP_STAT_SPACE) == 0;
}
