/* bounce: keeps why recipients were not reached, and tells senders. Serves as bounce, defer and trace.
 * See bounce(8); requests are described in lib/mail/bounce_client.h. */
#include <stdlib.h>

#include "base/log.h"
#include "config/config.h"
#include "daemon/daemon.h"
#include "mail/address.h"
#include "mail/bounce_client.h"
#include "mail/cleanup_client.h"
#include "mail/flush_client.h"
#include "mail/postmaster.h"
#include "services/bounce/notify.h"
#include "services/bounce/reasons.h"
#include "services/bounce/texts.h"

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

/* So that the flush service finds the message by its destination. It need not: the mail is tried
 * again anyway. */
static void register_deferred(const char *queue_id, const char *recipient)
{
    const char *domain = address_domain(recipient);

    if (domain == NULL || *domain == 0)
        return;
    switch (flush_add(domain, queue_id)) {
    case FLUSH_OK:
    case FLUSH_DENY:
        return;
    case FLUSH_BAD:
    case FLUSH_FAIL:
        log_warn("%s: %s service failure", queue_id, conf.flush_service_name);
    }
}

static bool do_append(struct attrs *list)
{
    const char *queue_id = attrs_text(list, "queue_id", "");
    struct reason r = {0};

    get_reason(list, &r);
    if (!bounce_reasons_append(directory(), queue_id, &r))
        return false;
    if (strcmp(daemon_service_name(), conf.defer_service_name) == 0)
        register_deferred(queue_id, r.recipient.address);
    return true;
}

/* What a request asks about the entries of a message's log. */
typedef bool teller(struct attrs *list, const struct notice_about *about, const struct vec *entries);

static bool tell_failure(struct attrs *list, const struct notice_about *about, const struct vec *entries)
{
    return bounce_notify_failure(about, entries, attrs_text(list, "verp_delimiters", ""));
}

static bool tell_delay(struct attrs *list, const struct notice_about *about, const struct vec *entries)
{
    (void) list;
    return bounce_notify_delay(about, entries);
}

static bool tell_report(struct attrs *list, const struct notice_about *about, const struct vec *entries)
{
    return bounce_notify_report(about, entries, attrs_long(list, "verify", 0) != 0);
}

static bool from_log(struct attrs *list, teller *tell, bool is_kept)
{
    const char *queue_id = attrs_text(list, "queue_id", "");
    struct vec entries = {0};
    struct subject s;

    subject_open(&s, list);
    bool ok = bounce_reasons_read(&s.arena, directory(), queue_id, &entries) && tell(list, &s.about, &entries);
    if (ok && !is_kept)
        bounce_reasons_remove(directory(), queue_id);
    vec_done(&entries, NULL);
    subject_close(&s);
    return ok;
}

static bool do_flush(struct attrs *list)
{
    return from_log(list, tell_failure, false);
}

static bool do_warn(struct attrs *list)
{
    return from_log(list, tell_delay, true);
}

static bool do_trace(struct attrs *list)
{
    return from_log(list, tell_report, false);
}

static bool do_one(struct attrs *list)
{
    const char *owner = attrs_text(list, "owner", "");
    struct reason r = {0};
    struct vec entries = {0};
    struct subject s;

    subject_open(&s, list);
    get_reason(list, &r);
    vec_add(&entries, &r);
    bool ok = *owner != 0 ? bounce_notify_owner(&s.about, owner, &entries) : tell_failure(list, &s.about, &entries);
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

/* Bad values are to stop us before there is anything to notify of. */
static void before_jail(void)
{
    flush_open();
    bounce_texts_open();
    postmaster_classes();
    cleanup_internal_flags(CLEANUP_INTERNAL_BOUNCE);
}

static const struct daemon_program program = {.name = "bounce", .before_jail = before_jail, .mux = &handler};

int main(int argc, char **argv)
{
    return daemon_main(argc, argv, &program);
}
