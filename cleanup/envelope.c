#include "cleanup/envelope.h"

#include "base/clock.h"
#include "base/compiler.h"
#include "base/utf8.h"
#include "base/log.h"
#include "cleanup/alias.h"
#include "config/config.h"
#include "mail/cleanup_client.h"
#include "mail/quote.h"
#include "mail/rewrite_client.h"
#include "queue/envelope.h"
#include "queue/record.h"

/* --- attributes --- */

/* Where an attribute of the head goes in the queue file. */
enum place {
    BEHIND,   /* the sender, as a named attribute: what is not in the table */
    IN_FRONT, /* of the sender, as a named attribute */
    OURS      /* it is not one: it says what to do, or is a record of its own */
};

struct placed {
    const char *name;
    enum place place;
};

static enum place place_of(const char *name)
{
    static const struct placed table[] = {
        {"envelope_id", IN_FRONT}, {"filter", OURS},    {"flags", OURS},    {"full_name", OURS},
        {"log_ident", IN_FRONT},   {"queue_id", OURS},  {"redirect", OURS}, {"request", OURS},
        {"ret_flags", IN_FRONT},   {"rewrite_context", IN_FRONT},           {"sec", OURS},
        {"sender", OURS},          {"usec", OURS},      {"verp_delimiters", OURS},
    };

    for (size_t i = 0; i < ARRAY_SIZE(table); i++)
        if (table[i].name[0] == name[0] && strcmp(table[i].name, name) == 0)
            return table[i].place;
    return BEHIND;
}

static void add_attributes(struct message *m, const struct attrs *list, const enum place places[], enum place wanted)
{
    for (size_t i = 0; i < list->count; i++)
        if (places[i] == wanted)
            record_add_attr(&m->image.bytes, list->item[i].name, list->item[i].value);
}

/* --- addresses --- */

/* Envelope addresses are always rewritten by the local rules (remote_header_rewrite_domain is for
 * headers). NULL: trivial-rewrite did not answer. */
static const char *rewrite(struct message *m, const char *address)
{
    struct str external = {0}, result = {0}, internal = {0};
    const char *rewritten = address;

    if (*address == 0)
        return address;
    const char *quoted = quote_822(address, &external);
    if (!rewrite_address("local", quoted, &result)) {
        cleanup_message_refuse(m, CLEANUP_STAT_WRITE, "address rewriting problem");
        rewritten = NULL;
    } else if (strcmp(str_text(&result), quoted) != 0) {
        quote_remove(&internal, str_text(&result));
        rewritten = arena_strdup(&m->arena, str_text(&internal));
    }
    str_done(&external);
    str_done(&result);
    str_done(&internal);
    return rewritten;
}

/* Has the same original recipient got this address already? As Postfix's filter: without regard to
 * case, and only so many are remembered. */
static bool is_duplicate(struct message *m, const struct envelope_recipient *r)
{
    struct str key = {0};

    if (conf.enable_original_recipient)
        str_adds(&key, r->original);
    str_addc(&key, '\n');
    str_addf(&key, "%s\n%d\n", r->dsn_orcpt, r->dsn_notify);
    str_adds(&key, r->address);
    str_lower(&key);
    bool is_seen = true;
    if (hash_getn(&m->seen, key.data, key.len) == NULL) {
        is_seen = false;
        if (conf.duplicate_filter_limit == 0 || m->seen.count < (size_t) conf.duplicate_filter_limit)
            hash_putn(&m->seen, key.data, key.len, m);
    }
    str_done(&key);
    return is_seen;
}

static void add_recipient(struct message *m, const struct envelope_recipient *r)
{
    struct str *out = &m->image.bytes;

    if (is_duplicate(m, r))
        return;
    if (!utf8_is_ascii(r->address, strlen(r->address)) && (m->sendopts & SENDOPT_SMTPUTF8_REQUESTED) != 0)
        m->sendopts |= SENDOPT_UTF8_RECIPIENT;
    if (r->dsn_notify != 0) {
        record_addf(out, REC_ATTR, "notify_flags=%d", r->dsn_notify);
        m->notify_mask |= r->dsn_notify;
    }
    record_add_attr(out, "dsn_orig_rcpt", r->dsn_orcpt);
    record_adds(out, REC_ORIGINAL, r->original);
    record_adds(out, REC_RECIPIENT, r->address);
    m->recipient_count++;
}

static void add_expanded(void *context, const char *address, const struct envelope_recipient *from)
{
    struct envelope_recipient r = *from;

    r.address = address;
    add_recipient(context, &r);
}

/* RFC 3461 4.2 allows a relay to make up the original recipient when the client gave none. */
static const char *made_up_orcpt(struct message *m, const char *original)
{
    struct str external = {0};
    bool is_ascii = utf8_is_ascii(original, strlen(original));
    const char *orcpt = arena_printf(&m->arena, "%s;%s", is_ascii ? "rfc822" : "utf-8", quote_822(original, &external));

    str_done(&external);
    return orcpt;
}

static void take_recipient(struct message *m, struct attrs *list)
{
    struct envelope_recipient r = {
        .address = attrs_text(list, "recipient", ""),
        .original = attrs_text(list, "original_recipient", ""),
        .dsn_orcpt = attrs_text(list, "dsn_orcpt", ""),
        .dsn_notify = (int) attrs_long(list, "notify", 0),
    };

    if (*r.original == 0)
        r.original = r.address;
    if (*r.dsn_orcpt == 0)
        r.dsn_orcpt = made_up_orcpt(m, r.original);
    if ((r.address = rewrite(m, r.address)) == NULL)
        return;
    if ((m->flags & CLEANUP_MAP_OK) != 0)
        cleanup_alias_expand(m, &r, add_expanded);
    else
        add_recipient(m, &r);
}

void cleanup_envelope_init(void)
{
    cleanup_alias_init();
}

static void begin_records(struct message *m, struct attrs *list)
{
    struct str *out = &m->image.bytes;
    enum place places[ATTR_MAX];

    for (size_t i = 0; i < list->count; i++)
        places[i] = place_of(list->item[i].name);

    record_addf(out, REC_SIZE, "%95s", "");
    record_addf(out, REC_TIME, "%ld %ld", (long) m->arrival.tv_sec, (long) m->arrival.tv_usec);
    record_addf(out, REC_ATTR, "create_time=%ld", (long) clock_seconds()); /* of requeued mail not when it came */
    add_attributes(m, list, places, IN_FRONT);
    if (*m->full_name != 0)
        record_adds(out, REC_FULL_NAME, m->full_name);
    record_adds(out, REC_SENDER, m->sender);
    if (*m->verp_delimiters != 0)
        record_adds(out, REC_VERP, m->verp_delimiters);
    add_attributes(m, list, places, BEHIND);
    if (conf.delay_warning_time > 0)
        record_addf(out, REC_WARN, "%15ld", (long) m->arrival.tv_sec + conf.delay_warning_time);
}

void cleanup_envelope_begin(struct message *m, struct attrs *list, const char *recipients, const char *end)
{
    struct attrs recipient;
    const char *sender = attrs_text(list, "sender", "");

    m->full_name = attrs_text(list, "full_name", "");
    m->encoding = attrs_get(list, "encoding");
    m->filter = attrs_text(list, "filter", "");
    m->redirect = attrs_text(list, "redirect", "");
    m->verp_delimiters = attrs_text(list, "verp_delimiters", "");
    m->rewrite_context = attrs_text(list, "rewrite_context", "local");
    m->client_name = attrs_text(list, "log_client_name", "localhost");
    m->client_address = attrs_text(list, "log_client_address", "127.0.0.1");
    m->proto = attrs_text(list, "log_protocol_name", "");
    m->helo = attrs_text(list, "log_helo_name", "");
    if ((m->flags & CLEANUP_SMTPUTF8) != 0)
        m->sendopts |= SENDOPT_SMTPUTF8_REQUESTED;
    if (!utf8_is_ascii(sender, strlen(sender)) && (m->sendopts & SENDOPT_SMTPUTF8_REQUESTED) != 0)
        m->sendopts |= SENDOPT_UTF8_SENDER;
    m->sender = rewrite(m, sender);
    if (m->sender == NULL)
        m->sender = sender;
    begin_records(m, list);
    while (recipients < end && attrs_parse(&recipients, end, &recipient) && recipient.count > 0)
        take_recipient(m, &recipient);
    record_add(&m->image.bytes, REC_MESSAGE, "", 0);
    m->data_offset = cleanup_image_size(&m->image);
}

/* always_bcc: a copy nobody hears of. */
static void add_bcc(struct message *m)
{
    struct envelope_recipient r = {.original = conf.always_bcc, .dsn_orcpt = "", .dsn_notify = DSN_NOTIFY_NEVER};

    if (*conf.always_bcc == 0 || (m->flags & CLEANUP_BCC_OK) == 0)
        return;
    r.address = rewrite(m, conf.always_bcc);
    if (r.address == NULL)
        return;
    int mask = m->notify_mask;
    cleanup_alias_expand(m, &r, add_expanded);
    m->notify_mask = mask;
}

void cleanup_envelope_end(struct message *m)
{
    uint64_t data_size = cleanup_image_size(&m->image) - m->data_offset;
    struct str size = {0};

    record_add(&m->image.bytes, REC_EXTRACTED, "", 0);
    if (*m->filter != 0)
        record_adds(&m->image.bytes, REC_FILTER, m->filter);
    if (*m->redirect != 0)
        record_adds(&m->image.bytes, REC_REDIRECT, m->redirect);
    if (m->message_id != NULL)
        record_add_attr(&m->image.bytes, "message_id", m->message_id);
    if (m->encoding == NULL && m->detected_encoding != NULL)
        record_add_attr(&m->image.bytes, "encoding", m->detected_encoding);
    add_bcc(m);
    record_add(&m->image.bytes, REC_END, "", 0);
    if (m->recipient_count == 0)
        cleanup_message_refuse(m, CLEANUP_STAT_RCPT, "");
    record_addf(&size, REC_SIZE, "%15ld %15ld %15ld %15ld %15ld %15ld", (long) data_size, (long) m->data_offset,
        (long) m->recipient_count, (long) (m->notify_mask << 1), (long) data_size, (long) m->sendopts);
    cleanup_image_overwrite(&m->image, 0, size.data, size.len);
    str_done(&size);
}
