#include "queue/record.h"

#include <stdio.h>
#include <stdlib.h>

enum { LENGTH_BYTES = 4, MAX_JUMPS_BACK = 10000, POINTER_WIDTH = 15 };

/* Append type and length; the address for the payload, for which there is room. */
static char *start(struct str *out, int type, size_t n)
{
    size_t len = n;

    str_reserve(out, 1 + LENGTH_BYTES + n);
    str_addc(out, (char) type);
    for (; len > 0x7f; len >>= 7)
        str_addc(out, (char) ((len & 0x7f) | 0x80));
    str_addc(out, (char) len);
    return str_grow(out, n);
}

void record_add(struct str *out, int type, const char *payload, size_t n)
{
    char *to = start(out, type, n);

    if (n > 0)
        memcpy(to, payload, n);
}

void record_adds(struct str *out, int type, const char *text)
{
    record_add(out, type, text, strlen(text));
}

void record_addf(struct str *out, int type, const char *format, ...)
{
    struct str text = {0};
    va_list ap;

    va_start(ap, format);
    str_vaddf(&text, format, ap);
    va_end(ap);
    record_add(out, type, str_text(&text), text.len);
    str_done(&text);
}

void record_add_attr(struct str *out, const char *name, const char *value)
{
    size_t name_len = strlen(name), value_len = strlen(value);

    if (value_len == 0)
        return;
    char *to = start(out, REC_ATTR, name_len + 1 + value_len);
    memcpy(to, name, name_len);
    to[name_len] = '=';
    memcpy(to + name_len + 1, value, value_len);
}

enum record_result record_next(const char *bytes, size_t n, size_t *next, struct record *r)
{
    size_t at = *next, len = 0;

    if (at == n)
        return RECORD_END;
    if (at > n)
        return RECORD_BAD;
    r->offset = at;
    r->type = (unsigned char) bytes[at++];
    for (int shift = 0;; shift += 7) {
        if (at == n || shift == 7 * LENGTH_BYTES)
            return RECORD_BAD;
        unsigned char c = (unsigned char) bytes[at++];
        len |= (size_t) (c & 0x7f) << shift;
        if ((c & 0x80) == 0)
            break;
    }
    if (len > n - at)
        return RECORD_BAD;
    r->payload = bytes + at;
    r->len = len;
    *next = at + len;
    return RECORD_OK;
}

bool record_follow(struct record_reader *reader, const struct record *r)
{
    char digits[POINTER_WIDTH + 1] = {0};
    char *end;

    memcpy(digits, r->payload, r->len < POINTER_WIDTH ? r->len : POINTER_WIDTH);
    long target = strtol(digits, &end, 10);
    if (end == digits || *end != 0 || target < 0)
        return false;
    if (target == 0)
        return true;
    if ((size_t) target > reader->n || ((size_t) target <= r->offset && reader->jumps++ > MAX_JUMPS_BACK))
        return false;
    reader->next = (size_t) target;
    return true;
}

enum record_result record_read(struct record_reader *reader, struct record *r)
{
    for (;;) {
        enum record_result result = record_next(reader->bytes, reader->n, &reader->next, r);
        if (result != RECORD_OK || (r->type != REC_POINTER && r->type != REC_PADDING))
            return result;
        if (r->type == REC_POINTER && !record_follow(reader, r))
            return RECORD_BAD;
    }
}

void record_explain(const char *bytes, size_t n, size_t offset, struct str *why)
{
    int type = offset < n ? (unsigned char) bytes[offset] : 0;
    size_t len = 0, at = offset + 1;
    bool more = true;
    int shift = 0;

    for (; more && at < n && shift <= 32; shift += 7, at++) {
        len |= (size_t) (bytes[at] & 0x7f) << shift;
        more = (bytes[at] & 0x80) != 0;
    }
    if (shift > 32 && at < n)
        str_setf(why, "too many length bits, record type %d", type);
    else if (more)
        str_setf(why, "unexpected EOF reading length, record type %d", type);
    else if (len > n - at)
        str_setf(why, "unexpected EOF in data, record type %d length %zu", type, len);
    else if (type == REC_POINTER && len > 0 && strspn(bytes + at, " 0123456789") < len)
        str_setf(why, "malformed pointer record value: %.*s", (int) strnlen(bytes + at, len), bytes + at);
    else
        str_setf(why, "too many reverse jump records");
}

static const struct {
    char type;
    const char *name;
} names[] = {
    {REC_SIZE, "message_size"},
    {REC_TIME, "message_arrival_time"},
    {REC_FULL_NAME, "sender_fullname"},
    {REC_INSPECTOR, "content_inspector"},
    {REC_FILTER, "content_filter"},
    {REC_SENDER, "sender"},
    {REC_DONE, "done_recipient"},
    {REC_RECIPIENT, "recipient"},
    {REC_ORIGINAL, "original_recipient"},
    {REC_CANCELLED, "canceled_recipient"},
    {REC_WARN, "warning_message_time"},
    {REC_ATTR, "named_attribute"},
    {REC_KILLED, "killed_record"},
    {REC_REDIRECT, "redirect_to"},
    {REC_MESSAGE, "message_content"},
    {REC_LINE, "regular_text"},
    {REC_PADDING, "padding"},
    {REC_EXTRACTED, "extracted_info"},
    {REC_POINTER, "pointer_record"},
    {REC_VERP, "verp_delimiters"},
    {REC_END, "message_end"},
    /* between programs only */
    {'c', "queue_file_create_time"},
    {'<', "dsn_return_flags"},
    {'i', "dsn_envelope_id"},
    {'o', "dsn_original_recipient"},
    {'n', "dsn_notify_flags"},
    {'f', "flags"},
    {REC_RETURN_RECEIPT, "return_receipt"},
    {REC_ERRORS_TO, "errors_to"},
    {REC_PRIORITY, "priority"},
};

const char *record_name(int type, bool in_content)
{
    if (in_content && type == REC_PART)
        return "unterminated_text";
    for (size_t i = 0; i < ARRAY_SIZE(names); i++)
        if (names[i].type == type)
            return names[i].name;
    return "unknown_record_type";
}
