#include "queue/envelope.h"

#include <limits.h>
#include <stddef.h>
#include <string.h>

#include "base/str.h"
#include "queue/record.h"

enum { SIZE_FIELDS = 6, NOT_A_NUMBER = -1 };
enum { QMGR_FLAG_MASK = 1 | (DSN_NOTIFY_NEVER | DSN_NOTIFY_SUCCESS | DSN_NOTIFY_FAILURE | DSN_NOTIFY_DELAY) << 1 };
enum {
    SENDOPT_MASK = SENDOPT_SMTPUTF8_REQUESTED | SENDOPT_UTF8_HEADER | SENDOPT_UTF8_SENDER | SENDOPT_UTF8_RECIPIENT |
                   SENDOPT_TLS_REQUIRED_NO | SENDOPT_REQUIRETLS
};

/* What precedes a recipient and belongs to it. */
struct recipient_info {
    const char *original, *orcpt; /* in the message */
    size_t original_len, orcpt_len;
    int notify;
    size_t begin; /* of the first of these records, or of the R itself */
    bool has_begun;
};

struct parser {
    struct arena *arena;
    struct record_reader reader;
    struct envelope *e;
    struct str *why;
    struct recipient_info info;
    struct envelope_recipient *recipients;
    size_t count, room, limit; /* limit 0: none */
    uint64_t next_offset;      /* of the first that did not fit; 0: all did */
    bool is_submission;        /* maildrop: the size record may be missing, or hold -1 */
    bool has_size, has_log_attr, is_extracted, is_done;
    const char *act_name, *act_address, *act_port, *act_proto, *act_helo; /* who really sent it, unless log_* tells */
};

/* A decimal number in a field of fixed width or alone; *p moves behind it. */
static long next_number(const char **p, const char *end)
{
    long value = 0;
    bool is_negative;

    while (*p < end && **p == ' ')
        ++*p;
    is_negative = *p < end && **p == '-';
    *p += is_negative;
    if (*p == end || **p < '0' || **p > '9')
        return NOT_A_NUMBER;
    for (; *p < end && **p >= '0' && **p <= '9' && value < LONG_MAX / 10 - 9; ++*p)
        value = value * 10 + (**p - '0');
    return is_negative ? -value : value;
}

static int count_fields(const struct record *r)
{
    int count = 0;

    for (size_t i = 0; i < r->len; i++)
        count += r->payload[i] != ' ' && (i == 0 || r->payload[i - 1] == ' ');
    return count;
}

static long number_in(const char *text, size_t n)
{
    const char *p = text;

    return next_number(&p, text + n);
}

static bool reject(struct parser *p, const char *reason, const struct record *r)
{
    if (r == NULL)
        str_set(p->why, reason);
    else
        str_setf(p->why, "%s: %.*s", reason, (int) (r->len < 100 ? r->len : 100), r->payload);
    return false;
}

/* Fields: data size, data offset, recipients, qmgr flags, content length, send options. Before
 * Postfix 1.0 there was the first alone; the later ones were added one by one. */
static bool take_size(struct parser *p, const struct record *r)
{
    const char *at = r->payload, *end = r->payload + r->len;
    long field[SIZE_FIELDS] = {0};
    int count = count_fields(r);
    struct envelope *e = p->e;

    if (p->has_size)
        return true; /* the first one counts */
    if (count != 1 && count != 3 && count != 4 && count != 5 && count != SIZE_FIELDS)
        return p->is_submission || reject(p, "invalid size record", r);
    for (int i = 0; i < count; i++)
        field[i] = next_number(&at, end);
    e->sendopts = field[5] < 0 ? 0 : (int) (field[5] & SENDOPT_MASK);
    if (field[0] < 0 || field[1] < 0)
        return p->is_submission || reject(p, "invalid size record", r);
    if ((field[3] & ~QMGR_FLAG_MASK) != 0)
        return reject(p, "invalid flags in size record", r);
    e->data_size = (uint64_t) field[0];
    e->data_offset = (uint64_t) field[1];
    e->qmgr_flags = (int) field[3];
    e->content_size = count >= 5 && field[4] > 0 ? (uint64_t) field[4] : e->data_size;
    p->has_size = true;
    return true;
}

static const char *text_of(struct parser *p, const char *bytes, size_t n)
{
    return arena_strndup(p->arena, bytes, n);
}

static bool take_time(struct parser *p, const struct record *r)
{
    const char *at = r->payload, *end = r->payload + r->len;
    long seconds, microseconds;

    if (p->e->arrival.tv_sec != 0)
        return true;
    seconds = next_number(&at, end);
    microseconds = next_number(&at, end);
    p->e->arrival.tv_sec = seconds > 0 ? seconds : 0;
    p->e->arrival.tv_usec = microseconds > 0 && microseconds < 1000000 ? microseconds : 0;
    return true;
}

/* --- attributes --- */

enum attr_kind { ATTR_TEXT, ATTR_NUMBER, ATTR_LOG, ATTR_ACT, ATTR_ORIGIN, ATTR_TIME };

/* By length, so that most names are compared with one or two. text_at: the field of the envelope,
 * and for ATTR_ACT that of the parser. */
#define FIELD(f) offsetof(struct envelope, f)
#define ACT(f) offsetof(struct parser, f)
static const struct attr_row {
    const char *name;
    unsigned char len;
    unsigned char kind;
    unsigned short at, act_at;
} attr_rows[] = {
#define ROW(name, kind, at, act_at)                                                                                    \
    {                                                                                                                  \
        name, sizeof(name) - 1, kind, at, act_at                                                                       \
    }
    ROW("encoding", ATTR_TEXT, FIELD(encoding), 0),
    ROW("helo_name", ATTR_ACT, 0, ACT(act_helo)),
    ROW("log_ident", ATTR_TEXT, FIELD(log_ident), 0),
    ROW("ret_flags", ATTR_NUMBER, FIELD(dsn_ret), 0),
    ROW("message_id", ATTR_TEXT, FIELD(message_id), 0),
    ROW("client_name", ATTR_ORIGIN, FIELD(origin_name), ACT(act_name)),
    ROW("client_port", ATTR_ORIGIN, FIELD(origin_port), ACT(act_port)),
    ROW("create_time", ATTR_TIME, FIELD(create_time), 0),
    ROW("envelope_id", ATTR_TEXT, FIELD(envelope_id), 0),
    ROW("sasl_method", ATTR_TEXT, FIELD(sasl_method), 0),
    ROW("sasl_sender", ATTR_TEXT, FIELD(sasl_sender), 0),
    ROW("trace_flags", ATTR_NUMBER, FIELD(trace_flags), 0),
    ROW("log_helo_name", ATTR_LOG, FIELD(client_helo), 0),
    ROW("protocol_name", ATTR_ACT, 0, ACT(act_proto)),
    ROW("sasl_username", ATTR_TEXT, FIELD(sasl_username), 0),
    ROW("client_address", ATTR_ORIGIN, FIELD(origin_address), ACT(act_address)),
    ROW("log_client_name", ATTR_LOG, FIELD(client_name), 0),
    ROW("log_client_port", ATTR_LOG, FIELD(client_port), 0),
    ROW("rewrite_context", ATTR_TEXT, FIELD(rewrite_context), 0),
    ROW("log_protocol_name", ATTR_LOG, FIELD(client_proto), 0),
    ROW("log_client_address", ATTR_LOG, FIELD(client_address), 0),
    ROW("client_address_type", ATTR_TEXT, FIELD(inet_addr_type), 0),
#undef ROW
};

static const struct attr_row *attr_row(const char *name, size_t len)
{
    size_t first = 0, end = ARRAY_SIZE(attr_rows);

    while (first < end) { /* they are sorted by length */
        size_t middle = (first + end) / 2;
        if (attr_rows[middle].len < len)
            first = middle + 1;
        else
            end = middle;
    }
    for (; first < ARRAY_SIZE(attr_rows) && attr_rows[first].len == len; first++)
        if (memcmp(attr_rows[first].name, name, len) == 0)
            return &attr_rows[first];
    return NULL;
}

static void set_text(void *base, size_t at, const char *text)
{
    memcpy((char *) base + at, &text, sizeof(text));
}

static void take_known_attr(struct parser *p, const struct attr_row *row, const char *value, size_t n)
{
    const char *text = NULL;
    long number = 0;

    if (row->kind == ATTR_NUMBER || row->kind == ATTR_TIME)
        number = number_in(value, n);
    else
        text = text_of(p, value, n);
    switch ((enum attr_kind) row->kind) {
    case ATTR_TEXT:
        set_text(p->e, row->at, text);
        return;
    case ATTR_NUMBER:
        *(int *) (void *) ((char *) p->e + row->at) = (int) (number > 0 && number < INT_MAX ? number : 0);
        return;
    case ATTR_TIME:
        p->e->create_time = number > 0 ? number : 0;
        return;
    case ATTR_LOG:
        p->has_log_attr = true;
        set_text(p->e, row->at, text);
        return;
    case ATTR_ORIGIN:
        set_text(p->e, row->at, text);
        set_text(p, row->act_at, text);
        return;
    case ATTR_ACT:
        set_text(p, row->act_at, text);
        return;
    }
}

static void begin_recipient(struct parser *p, const struct record *r)
{
    if (!p->info.has_begun)
        p->info.begin = r->offset;
    p->info.has_begun = true;
}

static bool is_name(const char *name, size_t len, const char *literal)
{
    return len == strlen(literal) && memcmp(name, literal, len) == 0;
}

/* Named attributes; whatever is unknown is for somebody else. */
static bool take_attr(struct parser *p, const struct record *r)
{
    const char *equals = memchr(r->payload, '=', r->len);

    if (equals == NULL)
        return true;
    size_t len = (size_t) (equals - r->payload), n = r->len - len - 1;
    const char *value = equals + 1;
    const struct attr_row *row = attr_row(r->payload, len);
    if (row != NULL) {
        take_known_attr(p, row, value, n);
        if (row->at == FIELD(trace_flags))
            p->e->trace_offset = (uint32_t) r->offset;
    } else if (is_name(r->payload, len, "dsn_orig_rcpt")) {
        begin_recipient(p, r);
        p->info.orcpt = value;
        p->info.orcpt_len = n;
    } else if (is_name(r->payload, len, "notify_flags")) {
        begin_recipient(p, r);
        long flags = number_in(value, n);
        p->info.notify = flags > 0 && flags <= 15 ? (int) flags : 0;
    }
    return true;
}

/* --- recipients --- */

static struct envelope_recipient *add_recipient(struct parser *p)
{
    if (p->count == p->room) {
        size_t room = p->room == 0 ? 1 : p->room * 4;
        struct envelope_recipient *bigger = arena_alloc(p->arena, room * sizeof(*bigger));
        if (p->count > 0)
            memcpy(bigger, p->recipients, p->count * sizeof(*bigger));
        p->recipients = bigger;
        p->room = room;
    }
    return &p->recipients[p->count++];
}

static bool take_recipient(struct parser *p, const struct record *r)
{
    begin_recipient(p, r);
    if (p->limit > 0 && p->count == p->limit) {
        if (p->next_offset == 0)
            p->next_offset = p->info.begin;
    } else {
        const struct recipient_info *i = &p->info;
        *add_recipient(p) = (struct envelope_recipient){
            .address = text_of(p, r->payload, r->len),
            .original = i->original_len == 0 ? "" : text_of(p, i->original, i->original_len),
            .dsn_orcpt = i->orcpt_len == 0 ? "" : text_of(p, i->orcpt, i->orcpt_len),
            .dsn_notify = i->notify,
            .offset = (uint32_t) r->offset,
        };
    }
    p->info = (struct recipient_info){0};
    return true;
}

static bool take_done(struct parser *p, const struct record *r)
{
    p->e->done_count += r->type == REC_DONE;
    p->info = (struct recipient_info){0};
    return true;
}

static bool take_original(struct parser *p, const struct record *r)
{
    begin_recipient(p, r);
    p->info.original = r->payload;
    p->info.original_len = r->len;
    return true;
}

/* --- everything else --- */

static bool take_sender(struct parser *p, const struct record *r)
{
    if (p->e->sender == NULL)
        p->e->sender = text_of(p, r->payload, r->len);
    return true;
}

static bool take_text(struct parser *p, const struct record *r)
{
    const char *text = text_of(p, r->payload, r->len);

    if (r->type == REC_FULL_NAME)
        p->e->full_name = text;
    else if (r->type == REC_FILTER)
        p->e->filter = text;
    else if (r->type == REC_REDIRECT)
        p->e->redirect = text;
    else
        p->e->verp_delimiters = text;
    return true;
}

static bool take_warn(struct parser *p, const struct record *r)
{
    p->e->warn_time = number_in(r->payload, r->len);
    p->e->warn_offset = (uint32_t) (r->payload - p->reader.bytes);
    return true;
}

static bool skip(struct parser *p, const struct record *r)
{
    (void) p;
    (void) r;
    return true;
}

/* Without a size record that says where it ends: to the X behind the content. */
static bool walk_content(struct parser *p)
{
    struct record r;

    p->e->data_offset = p->reader.next;
    while (record_read(&p->reader, &r) == RECORD_OK) {
        if (r.type == REC_EXTRACTED) {
            p->e->data_size = p->e->content_size = r.offset - p->e->data_offset;
            p->reader.next = r.offset;
            return true;
        }
        if (r.type != REC_LINE && r.type != REC_PART)
            break;
    }
    return reject(p, "message rejected: missing end record", NULL);
}

static bool skip_content(struct parser *p, const struct record *r)
{
    uint64_t size = p->e->data_size, offset = p->e->data_offset;

    if (p->is_extracted)
        return reject(p, "envelope records out of order", NULL);
    if (!p->has_size || offset == 0)
        return walk_content(p);
    if (offset < r->offset || offset > p->reader.n || size > p->reader.n - offset || p->reader.n - offset == size ||
        p->reader.bytes[offset + size] != REC_EXTRACTED)
        return reject(p, "message rejected: weird size record", NULL);
    p->reader.next = offset + size;
    return true;
}

static bool begin_extracted(struct parser *p, const struct record *r)
{
    (void) r;
    if (p->is_extracted)
        return reject(p, "envelope records out of order", NULL);
    p->is_extracted = true;
    return true;
}

static bool take_end(struct parser *p, const struct record *r)
{
    (void) r;
    p->is_done = p->e->is_complete = true;
    return true;
}

/* By record type. */
static bool (*const takers[128])(struct parser *p, const struct record *r) = {
    [REC_SIZE] = take_size,
    [REC_TIME] = take_time,
    [REC_FULL_NAME] = take_text,
    [REC_INSPECTOR] = skip,
    [REC_FILTER] = take_text,
    [REC_SENDER] = take_sender,
    [REC_DONE] = take_done,
    [REC_RECIPIENT] = take_recipient,
    [REC_ORIGINAL] = take_original,
    [REC_CANCELLED] = take_done,
    [REC_WARN] = take_warn,
    [REC_ATTR] = take_attr,
    [REC_KILLED] = skip,
    [REC_REDIRECT] = take_text,
    [REC_MESSAGE] = skip_content,
    [REC_EXTRACTED] = begin_extracted,
    [REC_VERP] = take_text,
    [REC_END] = take_end,
    [REC_RETURN_RECEIPT] = skip,
    [REC_ERRORS_TO] = skip,
    [REC_PRIORITY] = skip,
};

/* Read records until E, or until the list of recipients is full if that is all that is wanted. */
static bool read_records(struct parser *p, bool stop_when_full)
{
    struct record r;

    while (!p->is_done) {
        if (record_read(&p->reader, &r) != RECORD_OK)
            return reject(p, "message rejected: missing end record", NULL);
        if (r.type >= (int) ARRAY_SIZE(takers) || takers[r.type] == NULL) {
            str_setf(p->why, "Unexpected record type '%c' at offset %zu", r.type, r.offset);
            return false;
        }
        if (!takers[r.type](p, &r))
            return false;
        if (stop_when_full && p->next_offset != 0)
            return true;
    }
    return true;
}

static void default_text(const char **field, const char *text)
{
    if (*field == NULL)
        *field = text == NULL ? "" : text;
}

static void complete(struct parser *p)
{
    struct envelope *e = p->e;
    const char **rest[] = {&e->full_name, &e->encoding, &e->envelope_id, &e->filter, &e->redirect, &e->message_id,
        &e->log_ident, &e->rewrite_context, &e->verp_delimiters, &e->origin_name, &e->origin_address, &e->origin_port,
        &e->sasl_method, &e->sasl_username, &e->sasl_sender, &e->inet_addr_type};
    bool act = !p->has_log_attr;

    default_text(&e->client_name, act ? p->act_name : NULL);
    default_text(&e->client_address, act ? p->act_address : NULL);
    default_text(&e->client_port, act ? p->act_port : NULL);
    default_text(&e->client_proto, act ? p->act_proto : NULL);
    default_text(&e->client_helo, act ? p->act_helo : NULL);
    for (size_t i = 0; i < ARRAY_SIZE(rest); i++)
        default_text(rest[i], NULL);
    if (e->create_time == 0)
        e->create_time = e->arrival.tv_sec;
    e->recipients = p->recipients;
    e->recipient_count = p->count;
}

static bool read_all(struct parser *p)
{
    if (!read_records(p, false))
        return false;
    if (p->e->arrival.tv_sec == 0)
        return reject(p, "message rejected: missing arrival time record", NULL);
    if (p->e->sender == NULL)
        return reject(p, "message rejected: missing sender record", NULL);
    if (!p->has_size && !p->is_submission)
        return reject(p, "message rejected: missing size record", NULL);
    complete(p);
    return true;
}

bool envelope_read(struct arena *a, const char *bytes, size_t n, size_t max_recipients, struct envelope *e,
    uint64_t *next_offset, struct str *why)
{
    struct parser p = {.arena = a, .reader = {.bytes = bytes, .n = n}, .e = e, .why = why, .limit = max_recipients};

    *e = (struct envelope){0};
    bool ok = read_all(&p);
    if (next_offset != NULL)
        *next_offset = p.next_offset;
    return ok;
}

bool envelope_read_submission(struct arena *a, const char *bytes, size_t n, struct envelope *e, struct str *why)
{
    struct parser p = {.arena = a, .reader = {.bytes = bytes, .n = n}, .e = e, .why = why, .is_submission = true};

    *e = (struct envelope){0};
    return read_all(&p);
}

bool envelope_more(struct arena *a, const char *bytes, size_t n, const struct envelope *e, uint64_t *next_offset,
    size_t max_recipients, struct envelope_recipient **recipients, size_t *count, struct str *why)
{
    struct envelope scratch = {.data_offset = e->data_offset, .data_size = e->data_size};
    struct parser p = {.arena = a,
        .reader = {.bytes = bytes, .n = n, .next = *next_offset},
        .e = &scratch,
        .why = why,
        .limit = max_recipients,
        .has_size = true};

    bool ok = read_records(&p, true);
    *next_offset = p.next_offset;
    *recipients = p.recipients;
    *count = p.count;
    return ok;
}
