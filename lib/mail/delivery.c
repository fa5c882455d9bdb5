#include "mail/delivery.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/log.h"
#include "ipc/attr.h"

/* Request: a list for the message, then one for each recipient; what is empty or 0 is not sent.
 * Result: one list, "outcomes" with a letter for each recipient in order, and what hop says. */

static const struct text_field {
    const char *name;
    size_t member;
} texts[] = {
    {"queue_id", offsetof(struct delivery, queue_id)},
    {"queue", offsetof(struct delivery, queue)},
    {"nexthop", offsetof(struct delivery, nexthop)},
    {"sender", offsetof(struct delivery, sender)},
    {"encoding", offsetof(struct delivery, encoding)},
    {"envelope_id", offsetof(struct delivery, envelope_id)},
    {"client_name", offsetof(struct delivery, client_name)},
    {"client_address", offsetof(struct delivery, client_address)},
    {"client_port", offsetof(struct delivery, client_port)},
    {"client_proto", offsetof(struct delivery, client_proto)},
    {"client_helo", offsetof(struct delivery, client_helo)},
    {"sasl_method", offsetof(struct delivery, sasl_method)},
    {"sasl_username", offsetof(struct delivery, sasl_username)},
    {"sasl_sender", offsetof(struct delivery, sasl_sender)},
    {"log_ident", offsetof(struct delivery, log_ident)},
    {"rewrite_context", offsetof(struct delivery, rewrite_context)},
};

static const struct int_field {
    const char *name;
    size_t member;
} ints[] = {
    {"flags", offsetof(struct delivery, flags)},
    {"sendopts", offsetof(struct delivery, sendopts)},
    {"dsn_ret", offsetof(struct delivery, dsn_ret)},
};

static const struct {
    const char *name;
    size_t member;
} sizes[] = {
    {"data_offset", offsetof(struct delivery, data_offset)},
    {"data_size", offsetof(struct delivery, data_size)},
    {"content_size", offsetof(struct delivery, content_size)},
};

static const struct {
    const char *name;
    size_t member;
} times[] = {
    {"arrival", offsetof(struct delivery, arrival)},
    {"active", offsetof(struct delivery, active)},
    {"handed_over", offsetof(struct delivery, handed_over)},
};

static const struct text_field recipient_texts[] = {
    {"address", offsetof(struct delivery_recipient, address)},
    {"original", offsetof(struct delivery_recipient, original)},
    {"dsn_orcpt", offsetof(struct delivery_recipient, dsn_orcpt)},
};

enum { LETTER_SENT = '+', LETTER_REPORTED = '!', LETTER_DEFERRED = '-' };

static void put_texts(struct str *out, const struct text_field *field, size_t count, const void *from)
{
    for (; count > 0; count--, field++) {
        const char *value = *(const char *const *) ((const char *) from + field->member);
        if (value != NULL && *value != 0)
            attr_put(out, field->name, value);
    }
}

static void get_texts(struct attrs *list, const struct text_field *field, size_t count, void *to)
{
    for (; count > 0; count--, field++)
        *(const char **) ((char *) to + field->member) = attrs_text(list, field->name, "");
}

static void put_number(struct str *out, const char *name, int64_t value)
{
    if (value != 0)
        attr_put_long(out, name, (long) value);
}

static void put_recipient(struct str *out, const struct delivery_recipient *r)
{
    put_texts(out, recipient_texts, ARRAY_SIZE(recipient_texts), r);
    put_number(out, "dsn_notify", r->dsn_notify);
    attr_put_long(out, "offset", (long) r->offset); /* always there: a list must not be empty */
    attr_end(out);
}

void delivery_put(struct str *out, const struct delivery *d)
{
    put_texts(out, texts, ARRAY_SIZE(texts), d);
    for (size_t i = 0; i < ARRAY_SIZE(ints); i++)
        put_number(out, ints[i].name, *(const int *) ((const char *) d + ints[i].member));
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
        put_number(out, sizes[i].name, (int64_t) *(const uint64_t *) ((const char *) d + sizes[i].member));
    for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
        const struct timeval *t = (const struct timeval *) ((const char *) d + times[i].member);
        put_number(out, times[i].name, (int64_t) t->tv_sec * 1000000 + t->tv_usec);
    }
    location_put(out, &d->where);
    put_number(out, "recipient_count", (int64_t) d->recipient_count);
    attr_end(out);
    for (size_t i = 0; i < d->recipient_count; i++)
        put_recipient(out, &d->recipients[i]);
}

static bool get_message(struct attrs *list, struct delivery *d)
{
    get_texts(list, texts, ARRAY_SIZE(texts), d);
    for (size_t i = 0; i < ARRAY_SIZE(ints); i++)
        *(int *) ((char *) d + ints[i].member) = (int) attrs_long(list, ints[i].name, 0);
    for (size_t i = 0; i < ARRAY_SIZE(sizes); i++)
        *(uint64_t *) ((char *) d + sizes[i].member) = (uint64_t) attrs_long(list, sizes[i].name, 0);
    for (size_t i = 0; i < ARRAY_SIZE(times); i++) {
        long usec = attrs_long(list, times[i].name, 0);
        *(struct timeval *) ((char *) d + times[i].member) =
            (struct timeval){.tv_sec = usec / 1000000, .tv_usec = usec % 1000000};
    }
    return *d->queue_id != 0 && location_get(list, &d->where);
}

static bool get_recipient(const char **cursor, const char *end, struct delivery_recipient *r)
{
    struct attrs list;

    if (!attrs_parse(cursor, end, &list))
        return false;
    get_texts(&list, recipient_texts, ARRAY_SIZE(recipient_texts), r);
    r->dsn_notify = (int) attrs_long(&list, "dsn_notify", 0);
    r->offset = (uint32_t) attrs_long(&list, "offset", 0);
    r->outcome = OUTCOME_DEFERRED;
    return true;
}

bool delivery_get(struct arena *a, const char *bytes, size_t n, struct delivery *d)
{
    const char *cursor = arena_strndup(a, bytes, n), *end = cursor + n;
    struct attrs list;

    *d = (struct delivery){.hop = {"", "", "", "", "", "", ""}};
    if (!attrs_parse(&cursor, end, &list) || !get_message(&list, d))
        return false;
    long count = attrs_long(&list, "recipient_count", 0);
    if (count < 1 || count > end - cursor) /* each takes more than one byte */
        return false;
    d->recipients = arena_zalloc(a, (size_t) count * sizeof(*d->recipients));
    d->recipient_count = (size_t) count;
    for (size_t i = 0; i < d->recipient_count; i++)
        if (!get_recipient(&cursor, end, &d->recipients[i]))
            return false;
    return true;
}

void delivery_put_result(struct str *out, const struct delivery *d)
{
    str_add(out, "outcomes", sizeof("outcomes"));
    for (size_t i = 0; i < d->recipient_count; i++) {
        const struct delivery_recipient *r = &d->recipients[i];
        str_addc(out, r->outcome == OUTCOME_DEFERRED ? LETTER_DEFERRED : r->is_sent ? LETTER_SENT : LETTER_REPORTED);
    }
    str_addc(out, 0);
    dsn_put(out, &d->hop);
    attr_end(out);
}

bool delivery_get_result(const char *bytes, size_t n, struct delivery *d)
{
    struct attrs list;

    if (!attrs_parse(&bytes, bytes + n, &list))
        return false;
    const char *outcomes = attrs_text(&list, "outcomes", "");
    if (strlen(outcomes) != d->recipient_count)
        return false;
    for (size_t i = 0; i < d->recipient_count; i++) {
        bool is_done = outcomes[i] == LETTER_SENT || outcomes[i] == LETTER_REPORTED;
        d->recipients[i].outcome = is_done ? OUTCOME_DONE : OUTCOME_DEFERRED;
        d->recipients[i].is_sent = outcomes[i] == LETTER_SENT;
    }
    dsn_get(&list, &d->hop);
    return true;
}

bool delivery_open(const struct delivery *d, struct message_bytes *message)
{
    struct str why = {0};
    bool ok = message_open(d->queue_id, &d->where, message, &why);

    if (!ok)
        log_warn("%s: %s", d->queue_id, str_text(&why));
    str_done(&why);
    return ok;
}
