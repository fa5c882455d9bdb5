#include "mail/mime.h"

#include <string.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/utf8.h"
#include "mail/mime_qp.h"
#include "mail/mime_type.h"

/* A multipart whose parts are being read. */
struct level {
    struct level *outer;
    size_t boundary_len;
    bool is_digest;
    char boundary[];
};

struct mime {
    const struct mime_limits *limits;
    const struct mime_events *events;
    void *context;
    int options, errors;
    bool in_header, in_line;     /* in_line: the last piece was not the end of its line */
    enum mime_class class;       /* of the header that is read, or was read last */
    enum mime_type type;         /* of the entity */
    enum mime_encoding encoding; /* of the entity */
    struct level *levels;        /* the innermost; none: the body's lines need not be looked at */
    size_t depth, body_offset;
    struct str header; /* the header whose next lines may come */
    size_t name_len;
    struct str part;    /* mime_push: a line that is not complete */
    struct str encoded; /* downgrade: an output line that is not complete */
};

const struct mime_limits mime_default_limits = {
    .line_length = 2048, .header_size = 102400, .boundary_length = 2048, .nesting = 100};

static const struct {
    enum mime_error error;
    const char *dsn, *text;
} errors[] = {
    {MIME_NESTING, "5.6.0", "MIME nesting exceeds safety limit"},
    {MIME_TRUNCATED_HEADER, "5.6.0", "message header length exceeds safety limit"},
    {MIME_8BIT_IN_HEADER, "5.6.0", "improper use of 8-bit data in message header"},
    {MIME_8BIT_IN_7BIT_BODY, "5.6.0", "improper use of 8-bit data in message body"},
    {MIME_ENCODING_DOMAIN, "5.6.0", "invalid message/* or multipart/* encoding domain"},
    {MIME_NO_BLANK_LINE, "5.6.0", "message header is not followed by an empty line"},
};

enum { ERRORS = sizeof(errors) / sizeof(errors[0]) };

static const char *const encoding_names[] = {
    [MIME_7BIT] = "7bit",
    [MIME_8BIT] = "8bit",
    [MIME_BINARY] = "binary",
    [MIME_QUOTED_PRINTABLE] = "quoted-printable",
    [MIME_BASE64] = "base64",
};

enum { ENCODINGS = sizeof(encoding_names) / sizeof(encoding_names[0]) };

static size_t error_index(enum mime_error error)
{
    for (size_t i = 0; i < ERRORS; i++)
        if (errors[i].error == error)
            return i;
    panic("unknown MIME error %d", (int) error);
}

const char *mime_error_text(enum mime_error error)
{
    return errors[error_index(error)].text;
}

const char *mime_error_dsn(enum mime_error error)
{
    return errors[error_index(error)].dsn;
}

static void pop_level(struct mime *m)
{
    struct level *inner = m->levels;

    m->levels = inner->outer;
    m->depth--;
    mem_free(inner);
}

void mime_reset(struct mime *m)
{
    while (m->levels != NULL)
        pop_level(m);
    m->errors = 0;
    m->in_header = true;
    m->in_line = false;
    m->class = MIME_PRIMARY;
    m->type = MIME_TYPE_TEXT;
    m->encoding = MIME_7BIT;
    str_clear(&m->header);
    str_clear(&m->part);
    str_clear(&m->encoded);
}

struct mime *mime_new(int options, const struct mime_limits *limits, const struct mime_events *events, void *context)
{
    struct mime *m = mem_zalloc(sizeof(*m));

    m->options = options;
    m->limits = limits;
    m->events = events;
    m->context = context;
    mime_reset(m);
    return m;
}

void mime_free(struct mime *m)
{
    if (m == NULL)
        return;
    mime_reset(m);
    str_done(&m->header);
    str_done(&m->part);
    str_done(&m->encoded);
    mem_free(m);
}

size_t mime_body_offset(const struct mime *m)
{
    return m->body_offset;
}

static void report(struct mime *m, enum mime_error error, const char *text, size_t len)
{
    if ((m->options & (int) error) == 0 || (m->errors & (int) error) != 0)
        return;
    m->errors |= (int) error;
    if (m->events->error != NULL)
        m->events->error(m->context, error, text, len);
}

static void emit_body(struct mime *m, enum mime_piece piece, const char *text, size_t len)
{
    if (m->events->body != NULL)
        m->events->body(m->context, piece, text, len);
    m->body_offset += len + (piece == MIME_LINE);
}

static void emit_header(struct mime *m, const struct header_info *known)
{
    if (m->events->header != NULL)
        m->events->header(m->context, m->class, known, &m->header);
}

/* Does 8-bit text of this entity have to be encoded? */
static bool needs_downgrade(const struct mime *m)
{
    return (m->options & MIME_DOWNGRADE) != 0 && (m->encoding == MIME_8BIT || m->encoding == MIME_BINARY);
}

static bool is_multipart(enum mime_type type)
{
    return type == MIME_TYPE_MULTIPART || type == MIME_TYPE_DIGEST;
}

/* Downgraded part by part, so that nothing is left to encode; message/global is encoded as a whole. */
static bool is_composite(enum mime_type type)
{
    return is_multipart(type) || type == MIME_TYPE_MESSAGE || type == MIME_TYPE_FRAGMENT ||
           type == MIME_TYPE_MESSAGE_OTHER;
}

/* --- headers --- */

static void push_level(struct mime *m, const struct str *boundary)
{
    size_t len = boundary->len < m->limits->boundary_length ? boundary->len : m->limits->boundary_length;

    if (m->depth > m->limits->nesting + 1) { /* Postfix counts from -1 */
        report(m, MIME_NESTING, str_text(&m->header), m->header.len);
        return;
    }
    struct level *level = mem_alloc(sizeof(*level) + len);
    level->is_digest = m->type == MIME_TYPE_DIGEST;
    level->boundary_len = len;
    memcpy(level->boundary, str_text(boundary), len);
    level->outer = m->levels;
    m->levels = level;
    m->depth++;
}

static void read_content_type(struct mime *m, const char *value)
{
    struct str boundary = {0};
    enum mime_type type = mime_type_parse(value, &value);

    if (type != MIME_TYPE_OTHER) /* as Postfix: such a part of a digest is still read as a message */
        m->type = type;
    if (is_multipart(type))
        while (mime_type_boundary(&value, &boundary))
            push_level(m, &boundary);
    str_done(&boundary);
}

enum mime_encoding mime_encoding_of(const char *value, enum mime_encoding if_unknown)
{
    struct str word = {0};
    enum mime_encoding encoding = if_unknown;

    mime_type_word(value, &word);
    for (size_t i = 0; i < ENCODINGS; i++)
        if (strcmp(str_text(&word), encoding_names[i]) == 0)
            encoding = (enum mime_encoding) i;
    str_done(&word);
    return encoding;
}

/* The pending header is complete: learn from it, and let it go. */
static void finish_header(struct mime *m)
{
    if (m->header.len == 0)
        return;
    const struct header_info *known = header_find(str_text(&m->header), m->name_len);
    const char *value = str_text(&m->header) + m->name_len + 1;
    bool dropped = false;

    if (!utf8_is_ascii(str_text(&m->header), m->header.len))
        report(m, MIME_8BIT_IN_HEADER, str_text(&m->header), m->header.len);
    if (known != NULL && (m->options & MIME_DISABLE) == 0) {
        if (known->id == HEADER_CONTENT_TYPE) {
            read_content_type(m, value);
        } else if (known->id == HEADER_CONTENT_TRANSFER_ENCODING) {
            m->encoding = mime_encoding_of(value, m->encoding);
            dropped = needs_downgrade(m);
        }
    }
    if (!dropped)
        emit_header(m, known);
    str_clear(&m->header);
}

static void start_header(struct mime *m, const char *text, size_t len, size_t name_len)
{
    size_t colon = name_len;

    while (text[colon] != ':')
        colon++;
    finish_header(m);
    str_add(&m->header, text, name_len);
    str_add(&m->header, text + colon, len - colon);
    m->name_len = name_len;
}

static void continue_header(struct mime *m, const char *text, size_t len)
{
    size_t limit = m->limits->header_size;

    if (m->header.len < limit && !m->in_line)
        str_addc(&m->header, '\n');
    size_t room = m->header.len < limit ? limit - m->header.len : 0;
    if (len > room)
        report(m, MIME_TRUNCATED_HEADER, str_text(&m->header), m->header.len);
    str_add(&m->header, text, len < room ? len : room);
}

static void add_downgraded_encoding(struct mime *m)
{
    str_setf(&m->header, "Content-Transfer-Encoding: %s", is_composite(m->type) ? "7bit" : "quoted-printable");
    emit_header(m, NULL);
    str_clear(&m->header);
}

/* RFC 2045 6.4: what has parts must not be encoded as a whole. RFC 2046 5.2: a fragment is 7-bit. */
static void check_encoding_domain(struct mime *m)
{
    const char *name = encoding_names[m->encoding];
    bool is_encoded = m->encoding == MIME_QUOTED_PRINTABLE || m->encoding == MIME_BASE64;
    bool is_wide = m->encoding == MIME_8BIT || m->encoding == MIME_BINARY;

    if ((is_encoded && (is_multipart(m->type) || m->type == MIME_TYPE_MESSAGE)) ||
        (is_wide && m->type == MIME_TYPE_FRAGMENT))
        report(m, MIME_ENCODING_DOMAIN, name, strlen(name));
}

/* The header ends here: what comes next depends on what it said. Without a blank line it can
 * only be a body. */
static void end_header(struct mime *m, bool is_blank)
{
    finish_header(m);
    if (needs_downgrade(m))
        add_downgraded_encoding(m);
    if (m->class == MIME_PRIMARY && m->events->header_end != NULL)
        m->events->header_end(m->context);
    check_encoding_domain(m);
    if (is_blank && is_multipart(m->type))
        m->encoding = MIME_7BIT;
    m->in_header = is_blank && (m->type == MIME_TYPE_MESSAGE || (m->type == MIME_TYPE_GLOBAL && !needs_downgrade(m)));
    if (!m->in_header) {
        m->body_offset = 0;
        return;
    }
    m->class = MIME_NESTED;
    m->type = MIME_TYPE_TEXT;
    m->encoding = MIME_7BIT;
}

/* --- bodies --- */

static void start_part(struct mime *m)
{
    m->in_header = true;
    m->class = MIME_PART;
    m->type = m->levels->is_digest ? MIME_TYPE_MESSAGE : MIME_TYPE_TEXT;
    m->encoding = MIME_7BIT;
}

/* RFC 2046 5.1.1: the multipart that a line delimits, the innermost or one around it; NULL: none. */
static struct level *find_level(const struct mime *m, const char *text, size_t len)
{
    struct level *level = m->levels;

    if (len <= 2 || text[0] != '-' || text[1] != '-')
        return NULL;
    for (; level != NULL; level = level->outer)
        if (len - 2 >= level->boundary_len && memcmp(text + 2, level->boundary, level->boundary_len) == 0)
            return level;
    return NULL;
}

static bool is_boundary(struct mime *m, const char *text, size_t len)
{
    struct level *level = find_level(m, text, len);

    if (level == NULL)
        return false;
    while (m->levels != level)
        pop_level(m);
    const char *rest = text + 2 + level->boundary_len;
    if (len - (size_t) (rest - text) >= 2 && rest[0] == '-' && rest[1] == '-') {
        pop_level(m);
        m->in_header = false;
        m->body_offset = 0;
        m->type = MIME_TYPE_TEXT;
        m->encoding = MIME_7BIT;
    } else {
        start_part(m);
    }
    return true;
}

static void emit_encoded(void *context, const char *line, size_t len)
{
    emit_body(context, MIME_LINE, line, len);
}

static void body_line(struct mime *m, enum mime_piece piece, const char *text, size_t len)
{
    if (m->levels != NULL && !m->in_line && is_boundary(m, text, len)) {
        emit_body(m, piece, text, len);
        return;
    }
    if ((m->options & MIME_8BIT_IN_7BIT_BODY) != 0 && m->encoding == MIME_7BIT && !utf8_is_ascii(text, len))
        report(m, MIME_8BIT_IN_7BIT_BODY, text, len);
    if (needs_downgrade(m))
        mime_qp_encode(&m->encoded, text, len, piece == MIME_LINE, emit_encoded, m);
    else
        emit_body(m, piece, text, len);
}

static void header_line(struct mime *m, enum mime_piece piece, const char *text, size_t len)
{
    size_t name_len;

    if (m->header.len > 0 && (m->in_line || (len > 0 && (text[0] == ' ' || text[0] == '\t')))) {
        continue_header(m, text, len);
        return;
    }
    name_len = header_name_len(text, len);
    if (name_len > 0) {
        start_header(m, text, len, name_len);
        return;
    }
    bool is_blank = len == 0, is_primary = m->class == MIME_PRIMARY;
    if (is_primary && !is_blank) {
        finish_header(m);
        report(m, MIME_NO_BLANK_LINE, text, len);
    }
    end_header(m, is_blank);
    if (is_blank || is_primary)
        emit_body(m, MIME_LINE, "", 0);
    if (!is_blank) {
        m->body_offset = 0; /* the blank line that was not there does not count */
        body_line(m, piece, text, len);
    }
}

void mime_line(struct mime *m, enum mime_piece piece, const char *text, size_t len)
{
    if (m->in_header)
        header_line(m, piece, text, len);
    else
        body_line(m, piece, text, len);
    m->in_line = piece == MIME_CONTINUED;
}

/* One line, without its end, in pieces if it is long. */
static void push_line(struct mime *m, const char *text, size_t len)
{
    for (; len >= m->limits->line_length; len -= m->limits->line_length, text += m->limits->line_length)
        mime_line(m, MIME_CONTINUED, text, m->limits->line_length);
    mime_line(m, MIME_LINE, text, len);
}

/* The beginning of a line whose end did not come yet: keep less than one piece of it. */
static void keep_part(struct mime *m, const char *bytes, size_t n)
{
    size_t limit = m->limits->line_length;

    str_add(&m->part, bytes, n);
    while (m->part.len >= limit) {
        mime_line(m, MIME_CONTINUED, str_text(&m->part), limit);
        str_drop(&m->part, limit);
    }
}

void mime_push(struct mime *m, const char *bytes, size_t n)
{
    const char *end = bytes + n, *lf;

    for (; bytes < end && (lf = memchr(bytes, '\n', (size_t) (end - bytes))) != NULL; bytes = lf + 1) {
        if (m->part.len == 0 && !m->in_line) {
            push_line(m, bytes, (size_t) (lf - bytes));
            continue;
        }
        keep_part(m, bytes, (size_t) (lf - bytes));
        mime_line(m, MIME_LINE, str_text(&m->part), m->part.len);
        str_clear(&m->part);
    }
    keep_part(m, bytes, (size_t) (end - bytes));
}

int mime_end(struct mime *m)
{
    if (m->part.len > 0 || m->in_line)
        mime_line(m, MIME_LINE, str_text(&m->part), m->part.len);
    str_clear(&m->part);
    if (m->in_header)
        end_header(m, false);
    if (m->events->body_end != NULL)
        m->events->body_end(m->context);
    return m->errors;
}
