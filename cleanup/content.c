#include "cleanup/content.h"

#include <ctype.h>

#include "base/compiler.h"
#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "base/words.h"
#include "cleanup/sign.h"
#include "config/config.h"
#include "dkim/dkim_signer.h"
#include "mail/address_list.h"
#include "mail/cleanup_client.h"
#include "mail/date.h"
#include "mail/quote.h"
#include "mail/rewrite_client.h"
#include "queue/envelope.h"
#include "queue/record.h"

/* For the signatures of a message that is too large for memory: room of so many bytes each. */
enum { SIGNATURE_ROOM = 4096 };

static struct mime_limits limits;
static int mime_options;
static struct vec dropped;        /* message_drop_headers, in lower case */
static struct arena dropped_arena;

/* --- headers --- */

void cleanup_content_add_header(struct str *out, const char *text, size_t len)
{
    const char *end = text + len;
    size_t limit = (size_t) conf.line_length_limit;

    while (text < end) {
        const char *lf = memchr(text, '\n', (size_t) (end - text));
        size_t n = (size_t) ((lf == NULL ? end : lf) - text);
        for (; n > limit; n -= limit, text += limit)
            record_add(out, REC_PART, text, limit);
        record_add(out, REC_LINE, text, n);
        text = lf == NULL ? end : lf + 1;
    }
}

static bool is_dropped(const struct str *text)
{
    size_t n = header_name_len(text->data, text->len);

    while (n > 0 && (text->data[n - 1] == ' ' || text->data[n - 1] == '\t'))
        n--;
    for (size_t i = 0; i < dropped.count; i++)
        if (strlen(dropped.items[i]) == n && strncasecmp(dropped.items[i], text->data, n) == 0)
            return true;
    return false;
}

static bool is_rewritten(const struct message *m)
{
    return strcmp(m->rewrite_context, "local") == 0 || *conf.remote_header_rewrite_domain != 0;
}

static void keep_from_address(struct message *m, struct address_list *list)
{
    if (m->from_address == NULL && address_list_count(list) > 0)
        m->from_address = arena_strdup(&m->arena, address_list_internal(list, 0));
}

/* The addresses in a header get their standard form; the rest of it stays as it is. */
static void rewrite_addresses(struct message *m, const struct header_info *known, struct str *text)
{
    struct address_list *list = address_list_parse(&m->arena, header_value(text->data), (size_t) conf.header_address_token_limit);
    struct str result = {0};

    for (size_t i = 0; i < address_list_count(list) && is_rewritten(m); i++) {
        const char *address = address_list_external(list, i);
        if (*address == 0)
            continue;
        if (!rewrite_address(m->rewrite_context, address, &result)) {
            cleanup_message_refuse(m, CLEANUP_STAT_WRITE, "address rewriting problem");
            break;
        }
        if (strcmp(address, str_text(&result)) != 0)
            address_list_set_external(list, i, str_text(&result));
    }
    if (address_list_is_changed(list)) {
        str_setf(&result, "%.*s: ", (int) header_name_len(text->data, text->len), text->data);
        address_list_format(list, &result);
        str_cut(text, 0);
        str_add(text, result.data, result.len);
    }
    if (known->id == HEADER_FROM)
        keep_from_address(m, list);
    str_done(&result);
}

static void count_hop(struct message *m)
{
    if (++m->hops != (unsigned) conf.hopcount_limit + 1)
        return;
    log_warn("%s: message rejected: hopcount exceeded", m->queue_id);
    cleanup_message_refuse(m, CLEANUP_STAT_HOPS, "");
}

/* Which headers a message has decides which are added. */
static void note_presence(struct message *m, const struct header_info *known)
{
    static const struct {
        enum header_id plain, resent;
        unsigned have;
    } needed[] = {
        {HEADER_FROM, HEADER_RESENT_FROM, HAVE_FROM},
        {HEADER_DATE, HEADER_RESENT_DATE, HAVE_DATE},
        {HEADER_MESSAGE_ID, HEADER_RESENT_MESSAGE_ID, HAVE_MESSAGE_ID},
        {HEADER_TO, HEADER_RESENT_TO, HAVE_RECIPIENT},
        {HEADER_CC, HEADER_RESENT_CC, HAVE_RECIPIENT},
        {HEADER_BCC, HEADER_RESENT_BCC, HAVE_RECIPIENT},
    };

    for (size_t i = 0; i < ARRAY_SIZE(needed); i++) {
        if (known->id == needed[i].plain)
            m->have[0] |= needed[i].have;
        if (known->id == needed[i].resent)
            m->have[1] |= needed[i].have;
    }
    if ((known->flags & HEADER_OF_RESENT) != 0)
        m->is_resent = true;
}

static void note_message_id(struct message *m, const struct header_info *known, const struct str *text)
{
    const char *value = header_value(text->data);
    size_t len = strlen(value);

    while (len > 0 && isspace((unsigned char) value[len - 1]))
        len--;
    if (known->id == HEADER_MESSAGE_ID && m->message_id == NULL)
        m->message_id = arena_strndup(&m->arena, value, len);
    log_info("%s: %smessage-id=%.*s", m->queue_id, known->id == HEADER_MESSAGE_ID ? "" : "resent-", (int) len, value);
}

static void note_encoding(struct message *m, const struct str *text)
{
    if (!conf.detect_8bit_encoding_header || m->detected_encoding != NULL)
        return;
    switch (mime_encoding_of(header_value(text->data), MIME_BASE64)) {
    case MIME_7BIT:
        m->detected_encoding = "7bit";
        return;
    case MIME_8BIT:
    case MIME_BINARY:
        m->detected_encoding = "8bit";
        return;
    case MIME_QUOTED_PRINTABLE:
    case MIME_BASE64:
        return;
    }
}

static void keep_header(struct message *m, const struct header_info *known, const char *text, size_t len)
{
    struct header *copy = arena_new(&m->arena, struct header);

    *copy = (struct header){.text = arena_strndup(&m->arena, text, len), .len = len};
    vec_add(&m->headers, copy);
    vec_add(&m->header_ids, (void *) (uintptr_t) (known == NULL ? HEADER_OTHER : known->id));
}

static void primary_header(struct message *m, const struct header_info *known, struct str *text)
{
    if (is_dropped(text))
        return;
    if ((m->sendopts & SENDOPT_SMTPUTF8_REQUESTED) != 0 && !utf8_is_ascii(text->data, text->len))
        m->sendopts |= SENDOPT_UTF8_HEADER;
    if (known != NULL) {
        note_presence(m, known);
        if (known->id == HEADER_RECEIVED)
            count_hop(m);
        else if (known->id == HEADER_MESSAGE_ID || known->id == HEADER_RESENT_MESSAGE_ID)
            note_message_id(m, known, text);
        else if ((known->flags & (HEADER_OF_SENDER | HEADER_OF_RECIPIENT)) != 0 &&
            (is_rewritten(m) || known->id == HEADER_FROM))
            rewrite_addresses(m, known, text);
    }
    keep_header(m, known, text->data, text->len);
}

static void on_header(void *context, enum mime_class class, const struct header_info *known, struct str *text)
{
    struct message *m = context;

    if (m->status != 0)
        return;
    if (known != NULL && known->id == HEADER_CONTENT_TRANSFER_ENCODING)
        note_encoding(m, text);
    if (class == MIME_PRIMARY) {
        primary_header(m, known, text);
        return;
    }
    cleanup_content_add_header(&m->image.bytes, text->data, text->len);
    if (m->signer != NULL) {
        dkim_signer_body(m->signer, text->data, text->len);
        dkim_signer_body(m->signer, "\n", 1);
    }
}

/* --- the end of the header --- */

static void add_header(struct message *m, enum header_id id, const char *text)
{
    keep_header(m, header_by_id(id), text, strlen(text));
}

static void add_message_id(struct message *m, const char *prefix)
{
    struct tm tm;
    char stamp[32];
    time_t when = m->arrival.tv_sec;

    localtime_r(&when, &tm);
    strftime(stamp, sizeof(stamp), "%Y%m%d%H%M%S", &tm);
    const char *id = arena_printf(&m->arena, "<%s.%s@%s>", stamp, m->queue_id, conf.myhostname);
    add_header(m, *prefix ? HEADER_RESENT_MESSAGE_ID : HEADER_MESSAGE_ID, arena_printf(&m->arena, "%sMessage-Id: %s", prefix, id));
    log_info("%s: %smessage-id=%s", m->queue_id, *prefix ? "resent-" : "", id);
    if (*prefix == 0)
        m->message_id = id;
}

static void add_from(struct message *m, const char *prefix)
{
    struct str quoted = {0};
    const char *sender = *m->sender == 0 ? "MAILER-DAEMON" : m->sender;
    const char *address = quote_822(sender, &quoted);

    if (*m->full_name != 0)
        add_header(m, HEADER_FROM, arena_printf(&m->arena, "%sFrom: %s <%s>", prefix, m->full_name, address));
    else
        add_header(m, HEADER_FROM, arena_printf(&m->arena, "%sFrom: %s", prefix, address));
    if (m->from_address == NULL)
        m->from_address = sender;
    str_done(&quoted);
}

/* RFC 5322 3.6: what every message must have. Only for mail of our own users: that of others is not
 * ours to mend. */
static void add_missing_headers(struct message *m)
{
    const char *prefix = m->is_resent ? "Resent-" : "";
    unsigned have = m->have[m->is_resent];
    bool is_wanted = strcmp(m->rewrite_context, "local") == 0 || conf.always_add_missing_headers;

    if (is_wanted && (have & HAVE_MESSAGE_ID) == 0)
        add_message_id(m, prefix);
    else if (m->message_id == NULL && !m->is_resent)
        log_info("%s: message-id=<>", m->queue_id);
    if (!is_wanted)
        return;
    if ((have & HAVE_DATE) == 0)
        add_header(m, HEADER_DATE, arena_printf(&m->arena, "%sDate: %s", prefix, date_rfc5322(m->arrival.tv_sec)));
    if ((have & HAVE_FROM) == 0)
        add_from(m, prefix);
    if (((m->have[0] | m->have[1]) & HAVE_RECIPIENT) == 0 && *conf.undisclosed_recipients_header != 0)
        add_header(m, HEADER_TO, conf.undisclosed_recipients_header);
}

static void on_header_end(void *context)
{
    struct message *m = context;

    m->has_header_end = true;
    if (m->status != 0)
        return;
    add_missing_headers(m);
    cleanup_sign_begin(m);
    for (size_t i = 0; i < m->headers.count; i++) {
        const struct header *header = m->headers.items[i];
        cleanup_content_add_header(&m->image.bytes, header->text, header->len);
    }
}

/* --- body --- */

static void check_size(struct message *m)
{
    if (conf.message_size_limit > 0 && cleanup_image_size(&m->image) - m->data_offset > (uint64_t) conf.message_size_limit + SIGNATURE_ROOM) {
        log_warn("%s: queue file size limit exceeded", m->queue_id);
        cleanup_message_refuse(m, CLEANUP_STAT_SIZE, "");
    }
    if (m->signer != NULL && !cleanup_image_is_in_file(&m->image) && m->image.bytes.len > (size_t) conf.cleanup_memory_limit) {
        struct str padding = {0};
        size_t room = SIGNATURE_ROOM * m->signature_count;
        char *payload = mem_zalloc(room);
        record_add(&padding, REC_PADDING, payload, room);
        cleanup_image_insert(&m->image, m->data_offset, padding.data, padding.len);
        m->signature_room = padding.len;
        mem_free(payload);
        str_done(&padding);
    }
    cleanup_image_check(&m->image);
}

/* A lone CR in a line would be a line end to some receivers and not to others: a way to smuggle. */
static const char *without_stray_cr(struct message *m, const char *text, size_t len)
{
    const char *cr = m->has_stray_cr && conf.cleanup_replace_stray_cr_lf ? memchr(text, '\r', len) : NULL;

    if (cr == NULL)
        return text;
    char *copy = arena_strndup(&m->arena, text, len);
    for (char *p = copy + (cr - text); p < copy + len; p++)
        if (*p == '\r')
            *p = ' ';
    return copy;
}

static void add_body(struct message *m, enum mime_piece piece, const char *text, size_t len)
{
    record_add(&m->image.bytes, piece == MIME_LINE ? REC_LINE : REC_PART, text, len);
    if (m->signer == NULL)
        return;
    dkim_signer_body(m->signer, text, len);
    if (piece == MIME_LINE)
        dkim_signer_body(m->signer, "\n", 1);
    m->line_len = piece == MIME_LINE ? 0 : m->line_len + len;
}

/* The SMTP client breaks lines that are too long for SMTP, and would break the signature, too: so
 * what is signed is broken in the same way before. */
static void add_signed_body(struct message *m, enum mime_piece piece, const char *text, size_t len)
{
    size_t limit = (size_t) conf.smtp_line_length_limit;

    while (limit > 1 && m->line_len + len > limit) {
        size_t n = limit - m->line_len;
        add_body(m, MIME_LINE, text, n);
        add_body(m, MIME_CONTINUED, " ", 1);
        text += n;
        len -= n;
    }
    add_body(m, piece, text, len);
}

static void on_body(void *context, enum mime_piece piece, const char *text, size_t len)
{
    struct message *m = context;

    if (m->status != 0)
        return;
    if (!m->has_body) { /* the empty line between header and body belongs to neither, and must be there */
        m->has_body = true;
        record_add(&m->image.bytes, REC_LINE, "", 0);
        if (len == 0 && piece == MIME_LINE)
            return;
    }
    text = without_stray_cr(m, text, len);
    if (m->signer == NULL)
        add_body(m, piece, text, len);
    else
        add_signed_body(m, piece, text, len);
}

/* Only those errors come that main.cf asks for (strict_...). */
static void on_error(void *context, enum mime_error error, const char *text, size_t len)
{
    struct message *m = context;
    const char *what = mime_error_text(error);

    log_info("%s: reject: mime-error %s: %.*s from %s[%s]; from=<%s>", m->queue_id, what, (int) len, text,
        m->client_name, m->client_address, m->sender);
    cleanup_message_refuse(m, CLEANUP_STAT_CONT, arena_printf(&m->arena, "%s %s", mime_error_dsn(error), what));
}

static const struct mime_events events = {
    .header = on_header, .header_end = on_header_end, .body = on_body, .error = on_error,
};

/* --- the whole --- */

void cleanup_content_init(void)
{
    limits = (struct mime_limits){
        .line_length = (size_t) conf.line_length_limit,
        .header_size = (size_t) conf.header_size_limit,
        .boundary_length = (size_t) conf.mime_boundary_length_limit,
        .nesting = (size_t) conf.mime_nesting_limit,
    };
    if (conf.disable_mime_input_processing)
        mime_options |= MIME_DISABLE;
    if (conf.strict_7bit_headers || conf.strict_8bitmime)
        mime_options |= MIME_REPORT_8BIT_IN_HEADER;
    if (conf.strict_8bitmime_body || conf.strict_8bitmime)
        mime_options |= MIME_REPORT_8BIT_IN_7BIT_BODY;
    if (conf.strict_mime_encoding_domain)
        mime_options |= MIME_REPORT_ENCODING_DOMAIN;
    words_split(&dropped_arena, conf.message_drop_headers, WORDS_LIST, &dropped);
}

void cleanup_content_begin(struct message *m)
{
    m->mime = mime_new(mime_options, &limits, &events, m);
}

void cleanup_content_push(struct message *m, const char *bytes, size_t n)
{
    if (m->status != 0)
        return;
    m->has_stray_cr |= memchr(bytes, '\r', n) != NULL;
    mime_push(m->mime, bytes, n);
    check_size(m);
}

/* The signatures go in front of all headers: into the room that was kept, or by moving the rest. */
static void add_signatures(struct message *m)
{
    struct str records = {0};

    cleanup_sign_end(m, &records);
    if (m->signature_room == 0)
        cleanup_image_insert(&m->image, m->data_offset, str_text(&records), records.len);
    else {
        /* The rest of the room: a padding record whose length takes three bytes, whatever it is. */
        size_t rest = m->signature_room - records.len - 4;
        if (records.len + 4 > m->signature_room)
            cleanup_message_refuse(m, CLEANUP_STAT_WRITE, "DKIM signature too long");
        else {
            const char header[] = {REC_PADDING, (char) (rest & 0x7f) | (char) 0x80, (char) ((rest >> 7) & 0x7f) | (char) 0x80, (char) (rest >> 14)};
            str_add(&records, header, sizeof(header));
            cleanup_image_overwrite(&m->image, m->data_offset, records.data, records.len);
        }
    }
    str_done(&records);
}

void cleanup_content_end(struct message *m)
{
    if (m->status == 0)
        mime_end(m->mime);
    if (m->status == 0 && !m->has_header_end)
        on_header_end(m);
    if (m->status == 0 && m->signer != NULL)
        add_signatures(m);
    check_size(m);
}
