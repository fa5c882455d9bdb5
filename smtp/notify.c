#include "smtp/notify.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/task.h"
#include "config/config.h"
#include "mail/postmaster.h"
#include "smtp/filter.h"

static bool is_wanted(void)
{
    return (postmaster_classes() & NOTIFY_PROTOCOL) != 0;
}

/* Line by line, to the transcript, and to the log of a session that is debugged. */
static void note(struct session *s, enum postmaster_direction direction, const char *text, size_t n, const char *end)
{
    struct str line = {0};

    if (!is_wanted() && s->verbosity == 0)
        return;
    for (const char *p = text; p < text + n;) {
        const char *next = memmem(p, (size_t) (text + n - p), end, strlen(end));
        size_t len = (size_t) ((next == NULL ? text + n : next) - p);
        str_clear(&line);
        str_add(&line, p, len);
        if (is_wanted())
            postmaster_note(&s->transcript, direction, str_text(&line));
        if (s->verbosity > 0)
            log_info("%c %s: %s", direction == POSTMASTER_IN ? '<' : '>', s->relay, str_text(&line));
        p += next == NULL ? len : len + strlen(end);
    }
    str_done(&line);
}

void smtp_notify_commands(struct session *s, const char *bytes, size_t n)
{
    note(s, POSTMASTER_OUT, bytes, n, "\r\n");
}

void smtp_notify_reply(struct session *s)
{
    note(s, POSTMASTER_IN, str_text(&s->reply.text), s->reply.text.len, "\n");
}

/* RFC 5321 4.2.1: x0z is about syntax, so it is about us; and so is what is no reply, or 555
 * (parameters that were not offered). */
void smtp_notify_failure(struct session *s)
{
    int code = s->reply.code;

    if (code < 400 || code > 599 || code == 555 || (code >= 500 && code < 510))
        s->was_blamed = true;
}

struct report {
    char *peer, *beginning;
    struct str transcript;
};

static void send_report(void *arg)
{
    struct report *r = arg;

    postmaster_send(&(struct postmaster_report){.recipient = conf.error_notice_recipient,
        .who = smtp_is_lmtp() ? "LMTP client" : "SMTP client", .peer = r->peer, .beginning = r->beginning,
        .transcript = &r->transcript, .ending = ""});
    mem_free(r->peer);
    mem_free(r->beginning);
    str_done(&r->transcript);
    mem_free(r);
}

void smtp_notify_end(const struct attempt *a, struct session *s)
{
    if (s->was_blamed && is_wanted() && !postmaster_is_sender(a->d->sender)) {
        struct report *r = mem_zalloc(sizeof(*r));
        r->peer = mem_strdup(s->relay);
        r->beginning = mem_printf("Unexpected response from %s.", s->relay);
        r->transcript = s->transcript;
        s->transcript = (struct str){0};
        task_start(send_report, r); /* the delivery need not wait for it */
    }
    s->was_blamed = false;
    str_done(&s->transcript);
}
