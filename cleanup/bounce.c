#include "cleanup/bounce.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/task.h"
#include "cleanup/store.h"
#include "mail/bounce_client.h"
#include "mail/cleanup_client.h"
#include "queue/dirs.h"
#include "queue/location.h"

bool cleanup_bounce_is_possible(const struct message *m)
{
    const int others = CLEANUP_STAT_BAD | CLEANUP_STAT_WRITE | CLEANUP_STAT_DEFER | CLEANUP_STAT_PROXY |
        CLEANUP_STAT_SPACE | CLEANUP_STAT_RCPT;

    return (m->flags & CLEANUP_BOUNCE) != 0 && m->status != 0 && (m->status & others) == 0;
}

/* --- waiting for the bounce service --- */

struct answer {
    struct task *task;
    bool is_there, ok;
};

static void take_answer(void *arg, bool ok)
{
    struct answer *a = arg;

    a->is_there = true;
    a->ok = ok;
    task_wake(a->task);
}

static bool notify(const struct bounce_message *b)
{
    struct answer a = {.task = task_self()};

    bounce_flush(b, take_answer, &a);
    while (!a.is_there)
        task_park(NEVER);
    return a.ok;
}

/* --- the recipients --- */

struct reason {
    char status[DSN_STATUS_SIZE];
    const char *text;
};

static struct reason reason_of(const struct message *m)
{
    const struct cleanup_words *words = cleanup_words(m->status);
    struct reason r;

    r.text = dsn_split(m->reason.len > 0 ? str_text(&m->reason) : words->text, words->dsn, r.status);
    return r;
}

static bool report(const struct message *m, const struct envelope_recipient *from, const struct reason *why)
{
    struct timeval now = clock_wall();
    struct delivery d = {.queue_id = m->queue_id, .queue = "incoming", .sender = m->sender, .arrival = m->arrival,
        .active = now, .handed_over = now, .agent_begin = now, .connected = now, .finished = now};
    struct delivery_recipient r = {.address = from->address, .original = from->original,
        .dsn_orcpt = from->dsn_orcpt, .dsn_notify = from->dsn_notify, .offset = from->offset};
    struct dsn dsn = {.status = why->status, .action = "", .reason = why->text, .diag_type = "X-Postfix",
        .diag_text = why->text, .mta_type = "", .mta_name = ""};

    delivery_bounced(&d, &r, "none", "", &dsn);
    return r.outcome == OUTCOME_DONE;
}

static bool report_all(const struct message *m, const struct envelope *e)
{
    struct reason why = reason_of(m);
    bool ok = true;

    for (size_t i = 0; i < e->recipient_count && ok; i++)
        ok = report(m, &e->recipients[i], &why);
    return ok;
}

/* --- the message --- */

/* Of content that was not wanted only the header goes back. */
static bool send_back(const struct message *m, const struct location *where, const struct envelope *e)
{
    const struct bounce_message b = {
        .queue_id = m->queue_id,
        .queue = "incoming",
        .sender = m->sender,
        .encoding = e->encoding,
        .envelope_id = e->envelope_id,
        .where = *where,
        .dsn_ret = (m->status & (CLEANUP_STAT_CONT | CLEANUP_STAT_SIZE)) != 0 ? DSN_RET_HDRS : e->dsn_ret,
        .sendopts = m->sendopts,
    };

    return report_all(m, e) && notify(&b);
}

void cleanup_bounce(struct message *m)
{
    struct str path = {0}, why = {0};
    struct message_bytes bytes;
    struct envelope e;

    if (!cleanup_bounce_is_possible(m) || cleanup_store_file(m) < 0)
        return;
    const struct location where = {
        .path = queue_path(&path, "incoming", m->queue_id), .length = cleanup_image_size(&m->image)};
    if (!message_open(m->queue_id, &where, &bytes, &why))
        log_warn("%s: %s", m->queue_id, str_text(&why));
    else {
        if (!envelope_read(&m->arena, bytes.bytes, bytes.n, 0, &e, NULL, &why))
            log_warn("%s: %s", m->queue_id, str_text(&why));
        else if (send_back(m, &where, &e))
            m->status = 0;
        message_close(&bytes);
    }
    str_done(&path);
    str_done(&why);
}
