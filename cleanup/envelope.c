#include "cleanup/envelope.h"

#include "base/clock.h"
#include "base/compiler.h"
#include "base/log.h"
#include "base/utf8.h"
#include "cleanup/alias.h"
#include "cleanup/bcc.h"
#include "cleanup/mapping.h"
#include "cleanup/trace.h"
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
        cleanup_message_refuse(m, CLEANUP_STAT_WRITE, "");
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

/* Mail from MAILER-DAEMON here is mail from nobody: what comes back of it must not go round. */
static bool is_mailer_daemon(const char *address)
{
    static const char name[] = "MAILER-DAEMON@";

    return strncasecmp(address, name, strlen(name)) == 0 && strcasecmp(address + strlen(name), conf.myorigin) == 0;
}

/* In standard form, and what it is mapped to. NULL as above. */
static const char *rewrite_and_map(struct message *m, enum mapping_class class, const char *address)
{
    const char *standard = rewrite(m, address);

    if (standard != NULL && class == MAPPING_ENVELOPE_SENDER && is_mailer_daemon(standard))
        return "";
    if (standard == NULL || *standard == 0 || (m->flags & CLEANUP_MAP_OK) == 0)
        return standard;
    return cleanup_mapping_apply(m, class, standard);
}

/* Has the same original recipient got this address already? As Postfix's filter: without regard to
 * case, and only so many are remembered. */
static bool is_duplicate(struct message *m, const struct envelope_recipient *r)
{
    struct str key = {0};

    if (conf.enable_original_recipient)
        str_addf(&key, "%s\n%s\n%d\n", r->original, r->dsn_orcpt, r->dsn_notify);
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
    cleanup_message_note_utf8(m, r->address, strlen(r->address), SENDOPT_UTF8_RECIPIENT);
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

static void note_expanded(void *context, const char *address, const struct envelope_recipient *from)
{
    (void) from;
    vec_add(context, (void *) address);
}

/* RFC 3461 5.2.7.3: an alias answers for itself; those for which it stands only fail. */
static void expand_for_report(struct message *m, struct envelope_recipient *r)
{
    struct vec addresses = {0};

    cleanup_alias_expand(m, r, note_expanded, &addresses);
    if (addresses.count > 1 || (addresses.count == 1 && strcmp(addresses.items[0], r->address) != 0)) {
        cleanup_trace_expanded(m, r);
        r->dsn_notify = r->dsn_notify == DSN_NOTIFY_SUCCESS ? DSN_NOTIFY_NEVER : r->dsn_notify & ~DSN_NOTIFY_SUCCESS;
    }
    for (size_t i = 0; i < addresses.count; i++)
        add_expanded(m, addresses.items[i], r);
    vec_done(&addresses, NULL);
}

static void expand(struct message *m, struct envelope_recipient *r)
{
    if ((m->flags & CLEANUP_MAP_OK) == 0)
        add_recipient(m, r);
    else if ((r->dsn_notify & DSN_NOTIFY_SUCCESS) == 0)
        cleanup_alias_expand(m, r, add_expanded, m);
    else
        expand_for_report(m, r);
}

/* RFC 3461 4.2 allows a relay to make up the original recipient when the client gave none: the address that
 * was found first. */
static const char *made_up_orcpt(struct message *m, const char *address)
{
    struct str external = {0};
    bool is_ascii = utf8_is_ascii(address, strlen(address));
    const char *orcpt = arena_printf(&m->arena, "%s;%s", is_ascii ? "rfc822" : "utf-8", quote_822(address, &external));

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
    if (*r.address == 0)
        r.address = conf.empty_address_recipient;
    if ((r.address = rewrite_and_map(m, MAPPING_ENVELOPE_RECIPIENT, r.address)) == NULL)
        return;
    m->recipient = r.address;
    if (*r.dsn_orcpt == 0)
        r.dsn_orcpt = made_up_orcpt(m, r.address);
    expand(m, &r);
    cleanup_bcc_for_recipient(m, r.address);
}

void cleanup_envelope_copy_to(struct message *m, const char *address)
{
    struct envelope_recipient r = {.dsn_orcpt = "", .dsn_notify = DSN_NOTIFY_NEVER};
    int mask = m->notify_mask;

    r.address = r.original = rewrite_and_map(m, MAPPING_ENVELOPE_RECIPIENT, address);
    if (r.address != NULL)
        expand(m, &r);
    m->notify_mask = mask;
}

void cleanup_envelope_init(void)
{
    cleanup_alias_init();
    cleanup_mapping_init();
    cleanup_bcc_init();
}

static void check_count(struct message *m, int count)
{
    if (count <= conf.queue_file_attribute_count_limit)
        return;
    log_warn("%s: message rejected: attribute count exceeds limit %d", m->queue_id,
        conf.queue_file_attribute_count_limit);
    cleanup_message_refuse(m, CLEANUP_STAT_BAD, "4.3.0 Error: internal error 1");
}

static void begin_records(struct message *m, struct attrs *list)
{
    struct str *out = &m->image.bytes;
    enum place places[ATTR_MAX];
    int count = 0;

    for (size_t i = 0; i < list->count; i++) {
        places[i] = place_of(list->item[i].name);
        count += places[i] != OURS;
    }
    check_count(m, count);

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
    m->origin = attrs_text(list, "log_message_origin", "local");
    m->proto = attrs_text(list, "log_protocol_name", "");
    m->helo = attrs_text(list, "log_helo_name", "");
    if ((m->flags & CLEANUP_SMTPUTF8) != 0)
        m->sendopts |= SENDOPT_SMTPUTF8_REQUESTED;
    m->sender = rewrite_and_map(m, MAPPING_ENVELOPE_SENDER, sender);
    if (m->sender == NULL)
        m->sender = sender;
    cleanup_message_note_utf8(m, m->sender, strlen(m->sender), SENDOPT_UTF8_SENDER);
    begin_records(m, list);
    cleanup_bcc_for_sender(m, m->sender);
    while (recipients < end && attrs_parse(&recipients, end, &recipient) && recipient.count > 0)
        take_recipient(m, &recipient);
    record_add(&m->image.bytes, REC_MESSAGE, "", 0);
    m->data_offset = cleanup_image_size(&m->image);
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
    cleanup_bcc_end(m);
    record_add(&m->image.bytes, REC_END, "", 0);
    if (m->recipient_count == 0 && !m->is_over)
        cleanup_message_refuse(m, CLEANUP_STAT_RCPT, "");
    record_addf(&size, REC_SIZE, "%15ld %15ld %15ld %15ld %15ld %15ld", (long) data_size, (long) m->data_offset,
        (long) m->recipient_count, (long) (m->notify_mask << 1), (long) data_size, (long) m->sendopts);
    cleanup_image_overwrite(&m->image, 0, size.data, size.len);
    str_done(&size);
}
