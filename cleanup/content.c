#include "cleanup/content.h"

#include "base/compiler.h"
#include "base/log.h"
#include "base/mem.h"
#include "cleanup/header.h"
#include "cleanup/inspect.h"
#include "cleanup/sign.h"
#include "config/config.h"
#include "dkim/dkim_signer.h"
#include "mail/cleanup_client.h"
#include "queue/record.h"

/* For the signatures of a message that is too large for memory: room of so many bytes each. */
enum { SIGNATURE_ROOM = 4096, PADDING_HEADER = 4 };
enum { LOGGED_BYTES = 100 }; /* of what is wrong in a message */

static struct mime_limits limits;
static int mime_options;

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

void cleanup_content_put_header(struct message *m, enum mime_class class, const struct str *text)
{
    if (class == MIME_PRIMARY) {
        cleanup_header_keep(m, NULL, text->data, text->len);
        return;
    }
    cleanup_content_add_header(&m->image.bytes, text->data, text->len);
    if (m->signer != NULL) {
        dkim_signer_body(m->signer, text->data, text->len);
        dkim_signer_body(m->signer, "\n", 1);
    }
}

static void on_header(void *context, enum mime_class class, const struct header_info *known, struct str *text)
{
    struct message *m = context;

    if (m->is_over)
        return;
    if ((m->inspects & INSPECT_HEADERS) != 0 && (!cleanup_inspect_header(m, class, &known, text) || m->is_over))
        return;
    if (known != NULL && known->id == HEADER_CONTENT_TRANSFER_ENCODING)
        note_encoding(m, text);
    if (class == MIME_PRIMARY)
        cleanup_header_take(m, known, text);
    else
        cleanup_content_put_header(m, class, text);
}

/* --- the end of the header --- */

/* A signature is known at the end, and stands in front of what has left memory by then: room is left for it. */
static void leave_signature_room(struct message *m)
{
    struct str padding = {0};
    size_t room = SIGNATURE_ROOM * m->signature_count;
    char *payload = mem_zalloc(room);

    record_add(&padding, REC_PADDING, payload, room);
    cleanup_image_insert(&m->image, m->data_offset, padding.data, padding.len);
    m->signature_room = padding.len;
    mem_free(payload);
    str_done(&padding);
}

static void on_header_end(void *context)
{
    struct message *m = context;

    m->has_header_end = true;
    if (m->is_over)
        return;
    cleanup_header_add_missing(m);
    if (m->status == 0)
        cleanup_sign_begin(m);
    if (m->signature_count > 0 && cleanup_image_is_in_file(&m->image)) /* the envelope has filled the memory */
        leave_signature_room(m);
    for (size_t i = 0; i < m->headers.count; i++) {
        const struct header *header = m->headers.items[i];
        cleanup_content_add_header(&m->image.bytes, header->text, header->len);
    }
}

/* --- body --- */

static void check_size(struct message *m)
{
    uint64_t limit = (uint64_t) conf.message_size_limit, size = cleanup_image_size(&m->image) - m->data_offset;
    bool is_to_spill = m->image.bytes.len > (size_t) conf.cleanup_memory_limit;

    if (limit > 0 && size > limit + SIGNATURE_ROOM) {
        log_warn("%s: queue file size limit exceeded", m->queue_id);
        cleanup_message_refuse(m, CLEANUP_STAT_SIZE, "");
    }
    if (m->signature_count > 0 && m->signature_room == 0 && is_to_spill)
        leave_signature_room(m);
    cleanup_image_check(&m->image);
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

static void put_body(struct message *m, enum mime_piece piece, const char *text, size_t len)
{
    if (m->signer == NULL)
        add_body(m, piece, text, len);
    else
        add_signed_body(m, piece, text, len);
}

void cleanup_content_put_line(struct message *m, const char *text, size_t len)
{
    put_body(m, MIME_LINE, text, len);
}

static void on_body(void *context, enum mime_piece piece, const char *text, size_t len)
{
    struct message *m = context;

    if (m->is_over)
        return;
    if (!m->has_body) { /* the empty line between header and body belongs to neither, and must be there */
        m->has_body = true;
        record_add(&m->image.bytes, REC_LINE, "", 0);
        if (len == 0 && piece == MIME_LINE)
            return;
    }
    if ((m->inspects & INSPECT_BODY) != 0 && (!cleanup_inspect_line(m, &text, &len) || m->is_over))
        return;
    put_body(m, piece, text, len);
}

static bool is_only_marked(enum mime_error error)
{
    return error == MIME_NO_BLANK_LINE && strcasecmp(conf.non_empty_end_of_header_action, "add_header") == 0;
}

/* Only those errors come that main.cf asks for (strict_...). The message is read on, for more of them. */
static void on_error(void *context, enum mime_error error, const char *text, size_t len)
{
    struct message *m = context;
    const char *what = mime_error_text(error);

    if (m->is_over)
        return;
    if (is_only_marked(error)) {
        const char *header = arena_printf(&m->arena, "MIME-Error: %s", what);
        cleanup_header_keep(m, NULL, header, strlen(header));
        return;
    }
    log_info("%s: reject: mime-error %s: %.*s from %s; from=<%s> to=<%s>", m->queue_id, what,
        (int) (len < LOGGED_BYTES ? len : LOGGED_BYTES), text, m->origin, m->sender,
        m->recipient == NULL ? "" : m->recipient);
}

/* The first of the list speaks. */
static void refuse_errors(struct message *m, int errors)
{
    for (int error = 1; error <= errors; error <<= 1)
        if ((errors & error) != 0 && !is_only_marked((enum mime_error) error)) {
            cleanup_message_refuse(m, CLEANUP_STAT_CONT,
                arena_printf(&m->arena, "%s %s", mime_error_dsn((enum mime_error) error),
                    mime_error_text((enum mime_error) error)));
            return;
        }
}

static const struct mime_events events = {
    .header = on_header, .header_end = on_header_end, .body = on_body, .error = on_error,
};

/* --- the whole --- */

static int end_of_header_option(void)
{
    const char *action = conf.non_empty_end_of_header_action;

    if (strcasecmp(action, "fix_quietly") == 0)
        return 0;
    if (strcasecmp(action, "add_header") != 0 && strcasecmp(action, "reject") != 0)
        fatal("invalid configuration: non_empty_end_of_header_action = %s", action);
    return MIME_REPORT_NO_BLANK_LINE;
}

static int options_of_configuration(void)
{
    int options = end_of_header_option();

    if (conf.disable_mime_input_processing)
        return options | MIME_DISABLE;
    if (conf.strict_7bit_headers || conf.strict_8bitmime)
        options |= MIME_REPORT_8BIT_IN_HEADER;
    if (conf.strict_8bitmime_body || conf.strict_8bitmime)
        options |= MIME_REPORT_8BIT_IN_7BIT_BODY;
    if (conf.strict_mime_encoding_domain)
        options |= MIME_REPORT_ENCODING_DOMAIN;
    if (options != 0 || cleanup_inspect_has_checks()) /* who hides in deep nesting would not be seen */
        options |= MIME_REPORT_NESTING;
    return options | (conf.force_mime_input_conversion ? MIME_DOWNGRADE : 0);
}

void cleanup_content_init(void)
{
    limits = (struct mime_limits){
        .line_length = (size_t) conf.line_length_limit,
        .header_size = (size_t) conf.header_size_limit,
        .boundary_length = (size_t) conf.mime_boundary_length_limit,
        .nesting = (size_t) conf.mime_nesting_limit,
    };
    mime_options = options_of_configuration();
    cleanup_header_init();
}

void cleanup_content_begin(struct message *m)
{
    m->mime = mime_new(mime_options, &limits, &events, m);
    cleanup_inspect_begin(m);
}

/* A lone CR in a line would be a line end to some receivers and not to others: a way to smuggle. */
static const char *without_stray_cr(struct message *m, const char *bytes, size_t n)
{
    const char *cr = conf.cleanup_replace_stray_cr_lf ? memchr(bytes, '\r', n) : NULL;

    if (cr == NULL)
        return bytes;
    char *copy = arena_strndup(&m->arena, bytes, n);
    for (char *p = copy + (cr - bytes); p < copy + n; p++)
        if (*p == '\r')
            *p = ' ';
    return copy;
}

static void push_inspected(struct message *m, const char *line, size_t len)
{
    struct str copy = {0};

    if ((m->inspects & INSPECT_CHARACTERS) != 0)
        line = cleanup_inspect_characters(m, line, &len, &copy);
    if (!m->is_over)
        mime_push(m->mime, line, len);
    str_done(&copy);
}

/* Line by line, each with its end: so they are logged. */
static void push_lines(struct message *m, const char *bytes, size_t n)
{
    for (const char *end = bytes + n, *lf; bytes < end && !m->is_over; bytes = lf) {
        lf = memchr(bytes, '\n', (size_t) (end - bytes));
        lf = lf == NULL ? end : lf + 1;
        str_add(&m->line, bytes, (size_t) (lf - bytes));
        if (lf[-1] != '\n' && m->line.len < limits.line_length)
            continue;
        push_inspected(m, m->line.data, m->line.len);
        str_clear(&m->line);
    }
}

void cleanup_content_push(struct message *m, const char *bytes, size_t n)
{
    if (m->is_over || n == 0)
        return;
    bytes = without_stray_cr(m, bytes, n);
    if ((m->inspects & INSPECT_CHARACTERS) != 0 || m->line.len > 0)
        push_lines(m, bytes, n);
    else
        mime_push(m->mime, bytes, n);
    check_size(m);
}

/* The rest of the room: a padding record whose length takes three bytes, whatever it is. */
static void add_padding_header(struct str *out, size_t rest)
{
    str_addc(out, REC_PADDING);
    str_addc(out, (char) ((rest & 0x7f) | 0x80));
    str_addc(out, (char) ((rest >> 7 & 0x7f) | 0x80));
    str_addc(out, (char) (rest >> 14));
}

/* The signatures go in front of all headers: into the room that was kept, or by moving the rest. */
static void add_signatures(struct message *m)
{
    struct str records = {0};

    cleanup_sign_end(m, &records);
    if (m->signature_room == 0)
        cleanup_image_insert(&m->image, m->data_offset, str_text(&records), records.len);
    else if (records.len + PADDING_HEADER > m->signature_room)
        cleanup_message_refuse(m, CLEANUP_STAT_WRITE, "DKIM signature too long");
    else {
        add_padding_header(&records, m->signature_room - records.len - PADDING_HEADER);
        cleanup_image_overwrite(&m->image, m->data_offset, records.data, records.len);
    }
    str_done(&records);
}

void cleanup_content_end(struct message *m)
{
    if (!m->is_over && m->line.len > 0)
        push_inspected(m, m->line.data, m->line.len);
    if (!m->is_over)
        refuse_errors(m, mime_end(m->mime));
    if (!m->is_over && !m->has_header_end)
        on_header_end(m);
    if (m->status == 0 && m->signer != NULL)
        add_signatures(m);
    check_size(m);
}
