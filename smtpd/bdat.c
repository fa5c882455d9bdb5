/* bdat.c: BDAT (RFC 3030 2): a message in chunks whose size is said before.
 *
 * A chunk is read, whatever the answer, since the client sends it without waiting. After an error
 * the rest of the message is read and thrown away.
 */
#include "base/log.h"
#include "config/config.h"
#include "smtpd/chat.h"
#include "smtpd/content.h"
#include "smtpd/mail.h"
#include "smtpd/restrict.h"
#include "smtpd/setup.h"

/* Refuse a chunk, and what follows it up to the last. */
static struct reply discard(struct session *s, long size, bool is_last, struct reply why)
{
    if (s->mail != NULL) {
        cleanup_cancel(s->mail->cleanup);
        s->mail->cleanup = NULL;
    }
    s->bdat = BDAT_ERROR;
    if (!smtpd_content_skip(s, size))
        return why;
    if (is_last)
        smtpd_mail_free(s);
    return why;
}

static const char *queue_id(const struct session *s)
{
    return s->mail != NULL && s->mail->queue_id != NULL ? s->mail->queue_id : "NOQUEUE";
}

static struct reply bad_syntax(struct session *s)
{
    log_warn("%s: malformed BDAT command syntax from %s: %.100s", queue_id(s), s->peer.namaddr, str_text(&s->line));
    s->error_classes |= NOTIFY_PROTOCOL;
    /* How long the chunk is nobody knows: what follows cannot be told from commands. */
    return reply(521, "5.5.4", "Syntax: BDAT count [LAST]");
}

/* May this chunk be taken? */
static bool is_welcome(struct session *s, long size, bool is_last, struct reply *why)
{
    struct mail *m = s->mail;
    long limit = conf.message_size_limit;

    if (size == 0 && !is_last) {
        log_warn("%s: null BDAT request from %s", queue_id(s), s->peer.namaddr);
        *why = reply(551, "5.7.1", "Null BDAT request");
        return false;
    }
    if (s->bdat == BDAT_ERROR) {
        *why = smtpd_chat_reply(s, 551, "5.0.0", "Discarded %ld bytes after earlier error", size);
        return false;
    }
    if (m == NULL) {
        *why = reply(503, "5.5.1", "Error: need RCPT command");
        return false;
    }
    if (m->rcpt_count == 0) {
        *why = reply(554, "5.5.1", "Error: no valid recipients");
        return false;
    }
    if (s->bdat == BDAT_NONE && smtpd_restrict_data(s, why) == REJECT)
        return false;
    if (limit > 0 && size > limit - (long) m->content_bytes) {
        log_warn("%s: BDAT request from %s exceeds message size limit", m->queue_id, s->peer.namaddr);
        *why = reply(552, "5.3.4", "Chunk exceeds message size limit");
        return false;
    }
    return true;
}

static struct reply accept_last(struct session *s)
{
    struct reply r;

    s->where = "END-OF-MESSAGE";
    const char *id = arena_strdup(&s->scratch, s->mail->queue_id);
    smtpd_content_finish(s);
    size_t size = s->mail->content_bytes;
    r = smtpd_content_end(s);
    if (r.code == 250)
        r = smtpd_chat_reply(s, 250, "2.0.0", "Ok: %zu bytes queued as %s", size, id);
    return r;
}

static struct reply take_chunk(struct session *s, long size, bool is_last)
{
    if (s->bdat == BDAT_NONE)
        smtpd_content_begin(s, false);
    s->bdat = BDAT_OK;
    if (!smtpd_content_read_chunk(s, size))
        return reply(421, NULL, "lost connection"); /* nobody is there to read it */
    if (is_last)
        return accept_last(s);
    if (s->mail->status != 0)
        return discard(s, 0, false, smtpd_mail_failure(s, s->mail->status, ""));
    return smtpd_chat_reply(s, 250, "2.0.0", "Ok: %ld bytes", size);
}

struct reply smtpd_bdat_cmd(struct session *s, const struct words *w)
{
    struct reply why;
    long size;

    if ((s->ehlo_discard & EHLO_CHUNKING) != 0)
        return reply(521, "5.5.1", "Error: command not implemented");
    if (w->count < 2 || w->count > 3 || !smtpd_parse_number(w->item[1].text, &size) ||
        (w->count == 3 && !smtpd_parse_is_word(&w->item[2], "LAST")))
        return bad_syntax(s);
    bool is_last = w->count == 3;
    if (!is_welcome(s, size, is_last, &why))
        return discard(s, size, is_last, why);
    return take_chunk(s, size, is_last);
}
