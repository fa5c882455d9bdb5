/* bounce: keeps why recipients were not reached, and tells senders. Serves as bounce, defer and trace.
 * See bounce(8); requests are described in lib/mail/bounce_client.h. */
#include <stdlib.h>

#include "base/log.h"
#include "base/words.h"
#include "config/config.h"
#include "daemon/daemon.h"
#include "mail/bounce_client.h"
#include "services/bounce/reasons.h"
#include "services/bounce/send.h"

/* The message in question, mapped while a notification is written. */
struct subject {
    struct arena arena;
    struct notice_about about;
    struct message_bytes bytes;
    bool is_open;
};

static const char *directory(void)
{
    return daemon_service_name();
}

static void subject_open(struct subject *s, struct attrs *list)
{
    struct location where;
    struct str why = {0};

    *s = (struct subject){0};
    s->about.queue_id = attrs_text(list, "queue_id", "");
    s->about.sender = attrs_text(list, "sender", "");
    s->about.envelope_id = attrs_text(list, "envelope_id", "");
    s->about.dsn_ret = (int) attrs_long(list, "dsn_ret", 0);
    s->about.sendopts = (int) attrs_long(list, "sendopts", 0);
    s->is_open = location_get(list, &where) && message_open(s->about.queue_id, &where, &s->bytes, &why);
    if (s->is_open && envelope_read(&s->arena, s->bytes.bytes, s->bytes.n, 0, &s->about.envelope, NULL, &why)) {
        s->about.bytes = s->bytes.bytes;
        s->about.n = s->bytes.n;
    } else
        log_warn("%s: cannot attach the message to its notification: %s", s->about.queue_id, str_text(&why));
    str_done(&why);
}

static void subject_close(struct subject *s)
{
    if (s->is_open)
        message_close(&s->bytes);
    arena_done(&s->arena);
}

static bool is_notify_class(const char *class)
{
    struct arena a = {0};
    struct vec words = {0};
    bool found = false;

    words_split(&a, conf.notify_classes, WORDS_LIST, &words);
    for (size_t i = 0; i < words.count; i++)
        found = found || strcasecmp(words.items[i], class) == 0;
    vec_done(&words, NULL);
    arena_done(&a);
    return found;
}

/* Those who want to hear of this (RFC 3461 4.1); without NOTIFY, of failure and delay. */
static void keep_wanted(struct vec *entries, int notify)
{
    for (size_t i = entries->count; i-- > 0;) {
        const struct reason *r = entries->items[i];
        int wanted = r->recipient.dsn_notify;
        if ((wanted & DSN_NOTIFY_NEVER) != 0 || (wanted != 0 && notify != 0 && (wanted & notify) == 0))
            vec_remove(entries, i);
    }
}

static const struct {
    const char *postmaster_class; /* of notify_classes; NULL: none */
    int notify;
} kinds[] = {
    [NOTICE_FAILURE] = {"bounce", DSN_NOTIFY_FAILURE},
    [NOTICE_DELAY] = {"delay", DSN_NOTIFY_DELAY},
    [NOTICE_SUCCESS] = {NULL, DSN_NOTIFY_SUCCESS},
    [NOTICE_VERIFY] = {NULL, 0},
};

/* Nobody is told of a notification that cannot be delivered, but for the postmaster who asked. */
static bool handle_undeliverable_notice(const struct subject *s, const struct vec *entries)
{
    if (bounce_send_is_double_bounce(s->about.sender)) {
        log_warn("%s: undeliverable postmaster notification discarded", s->about.queue_id);
        return true;
    }
    return !is_notify_class("2bounce") ||
        bounce_send_notice(NOTICE_FAILURE, NOTICE_POSTMASTER, conf._2bounce_notice_recipient, &s->about, entries);
}

static bool notify(enum notice_kind kind, const struct subject *s, struct vec *entries)
{
    const char *postmaster = kind == NOTICE_DELAY ? conf.delay_notice_recipient : conf.bounce_notice_recipient;

    keep_wanted(entries, kinds[kind].notify);
    if (entries->count == 0)
        return true;
    if (*s->about.sender == 0 || bounce_send_is_double_bounce(s->about.sender))
        return kind != NOTICE_FAILURE || handle_undeliverable_notice(s, entries);
    if (!bounce_send_notice(kind, NOTICE_SENDER, s->about.sender, &s->about, entries))
        return false;
    if (kinds[kind].postmaster_class != NULL && is_notify_class(kinds[kind].postmaster_class))
        bounce_send_notice(kind, NOTICE_COPY, postmaster, &s->about, entries);
    return true;
}

/* --- requests --- */

static void get_reason(struct attrs *list, struct reason *r)
{
    r->recipient.address = attrs_text(list, "address", "");
    r->recipient.original = attrs_text(list, "original", "");
    r->recipient.dsn_orcpt = attrs_text(list, "dsn_orcpt", "");
    r->recipient.dsn_notify = (int) attrs_long(list, "dsn_notify", 0);
    r->recipient.offset = (uint32_t) attrs_long(list, "offset", 0);
    dsn_get(list, &r->dsn);
}

static bool do_append(struct attrs *list)
{
    struct reason r = {0};

    get_reason(list, &r);
    return bounce_reasons_append(directory(), attrs_text(list, "queue_id", ""), &r);
}

static bool from_log(struct attrs *list, enum notice_kind kind, bool is_kept)
{
    const char *queue_id = attrs_text(list, "queue_id", "");
    struct vec entries = {0};
    struct subject s;

    subject_open(&s, list);
    bool ok = bounce_reasons_read(&s.arena, directory(), queue_id, &entries) && notify(kind, &s, &entries);
    if (ok && !is_kept)
        bounce_reasons_remove(directory(), queue_id);
    vec_done(&entries, NULL);
    subject_close(&s);
    return ok;
}

static bool do_flush(struct attrs *list)
{
    return from_log(list, NOTICE_FAILURE, false);
}

static bool do_warn(struct attrs *list)
{
    return from_log(list, NOTICE_DELAY, true);
}

static bool do_trace(struct attrs *list)
{
    return from_log(list, attrs_long(list, "verify", 0) != 0 ? NOTICE_VERIFY : NOTICE_SUCCESS, false);
}

static bool do_one(struct attrs *list)
{
    struct reason r = {0};
    struct vec entries = {0};
    struct subject s;

    subject_open(&s, list);
    get_reason(list, &r);
    vec_add(&entries, &r);
    bool ok = notify(NOTICE_FAILURE, &s, &entries);
    vec_done(&entries, NULL);
    subject_close(&s);
    return ok;
}

static const struct {
    const char *name;
    bool (*run)(struct attrs *list);
} requests[] = {
    {"append", do_append}, {"flush", do_flush}, {"warn", do_warn}, {"trace", do_trace}, {"one", do_one},
};

static void serve(struct request *r)
{
    struct attrs list;
    size_t n;
    const char *cursor = request_head(r, &n), *end = cursor + n;
    struct str reply = {0};
    bool ok = false, is_known = false;

    if (attrs_parse(&cursor, end, &list)) {
        const char *name = attrs_text(&list, "request", "");
        for (size_t i = 0; i < ARRAY_SIZE(requests); i++)
            if (strcmp(requests[i].name, name) == 0) {
                is_known = true;
                ok = requests[i].run(&list);
            }
    }
    if (!is_known)
        log_warn("malformed request from a client of the %s service", daemon_service_name());
    attr_put_long(&reply, "status", ok ? 0 : 1);
    attr_end(&reply);
    request_reply(r, &reply);
    str_done(&reply);
}

static const struct mux_handler handler = {.request = serve, .in_task = true};

static const struct daemon_program program = {.name = "bounce", .mux = &handler};

int main(int argc, char **argv)
{
    return daemon_main(argc, argv, &program);
}
