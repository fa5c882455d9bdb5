#include "cleanup/message.h"

#include "base/log.h"
#include "base/utf8.h"
#include "cleanup/bounce.h"
#include "cleanup/content.h"
#include "cleanup/envelope.h"
#include "cleanup/store.h"
#include "cleanup/trace.h"
#include "dkim/dkim_signer.h"
#include "mail/cleanup_client.h"
#include "queue/envelope.h"
#include "queue/qid.h"

/* With CLEANUP_BOUNCE a message that its sender is to have back is made to its end. */
void cleanup_message_refuse(struct message *m, int status, const char *reason)
{
    if (m->status == 0)
        str_set(&m->reason, reason);
    m->status |= status;
    m->is_over = m->is_over || !cleanup_bounce_is_possible(m) || (m->status & CLEANUP_STAT_SIZE) != 0;
}

void cleanup_message_discard(struct message *m)
{
    m->flags |= CLEANUP_DISCARD;
    m->is_over = true;
}

void cleanup_message_note_utf8(struct message *m, const char *text, size_t len, int sendopt)
{
    if ((m->flags & (CLEANUP_SMTPUTF8 | CLEANUP_AUTOUTF8)) == 0 || utf8_is_ascii(text, len))
        return;
    if ((m->flags & CLEANUP_SMTPUTF8) == 0 && !utf8_is_valid(text, len))
        return;
    m->sendopts |= SENDOPT_SMTPUTF8_REQUESTED | sendopt;
}

static void reply_status(struct request *r, const struct message *m)
{
    struct str reply = {0};

    attr_put_long(&reply, "status", m->status);
    attr_put(&reply, "reason", str_text(&m->reason));
    attr_put(&reply, "queue_id", m->queue_id);
    attr_end(&reply);
    request_reply(r, &reply);
    str_done(&reply);
}

static void release(struct message *m)
{
    mime_free(m->mime);
    dkim_signer_free(m->signer);
    vec_done(&m->headers, NULL);
    vec_done(&m->header_ids, NULL);
    hash_done(&m->seen, NULL);
    str_done(&m->reason);
    str_done(&m->line);
    vec_done(&m->bcc, NULL);
    checks_found_done(&m->found);
    arena_done(&m->arena);
}

/* Read the content to its end, whatever is wrong with the message: the client is told at the end. */
static void read_content(struct message *m, struct request *r)
{
    struct str data = {0};

    cleanup_content_begin(m);
    while (request_read(r, &data))
        cleanup_content_push(m, data.data, data.len);
    str_done(&data);
}

/* True: it is stored. */
static bool finish(struct message *m)
{
    cleanup_content_end(m);
    cleanup_envelope_end(m);
    if (m->status != 0) {
        cleanup_bounce(m);
        return false;
    }
    if ((m->flags & CLEANUP_DISCARD) != 0) {
        log_info("%s: removed (discarded)", m->queue_id);
        return false;
    }
    m->status = cleanup_store_commit(m);
    return m->status == 0;
}

static void receive(struct request *r, struct attrs *list, const char *rest, const char *end)
{
    struct message m = {0};

    m.queue_id = attrs_text(list, "queue_id", "");
    m.flags = (int) attrs_long(list, "flags", 0);
    m.is_over = (m.flags & CLEANUP_DISCARD) != 0;
    m.arrival.tv_sec = attrs_long(list, "sec", 0);
    m.arrival.tv_usec = attrs_long(list, "usec", 0);
    cleanup_image_init(&m.image, m.queue_id);
    cleanup_store_claim(&m);
    if (!qid_is_valid(m.queue_id))
        cleanup_message_refuse(&m, CLEANUP_STAT_BAD, "malformed request");
    cleanup_envelope_begin(&m, list, rest, end);
    read_content(&m, r);
    bool is_cancelled = request_is_cancelled(r);
    if (is_cancelled)
        log_info("%s: removed (canceled)", m.queue_id);
    if (is_cancelled || !finish(&m))
        cleanup_trace_drop(&m);
    cleanup_image_done(&m.image); /* before the reply, with which the request's memory goes, and the queue id in it */
    reply_status(r, &m);
    release(&m);
}

static void reserve(struct request *r)
{
    char queue_id[QID_SIZE];
    struct timeval when;
    struct str reply = {0};

    if (cleanup_store_reserve(request_mux(r), queue_id, &when)) {
        attr_put(&reply, "queue_id", queue_id);
        attr_put_long(&reply, "sec", when.tv_sec);
        attr_put_long(&reply, "usec", when.tv_usec);
    }
    attr_end(&reply);
    request_reply(r, &reply);
    str_done(&reply);
}

void cleanup_message_request(struct request *r)
{
    struct attrs list;
    size_t n;
    const char *cursor = request_head(r, &n), *end = cursor + n;
    bool is_good = attrs_parse(&cursor, end, &list);
    const char *what = is_good ? attrs_text(&list, "request", "") : "";

    if (strcmp(what, "message") == 0)
        receive(r, &list, cursor, end);
    else if (strcmp(what, "reserve") == 0)
        reserve(r);
    else {
        log_warn("malformed request from a client of the cleanup service");
        request_reply(r, &(struct str){0});
    }
}
