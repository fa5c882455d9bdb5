#include "smtpd/notify.h"

#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "base/log.h"
#include "base/words.h"
#include "config/config.h"
#include "mail/cleanup_client.h"
#include "mail/date.h"
#include "smtpd/session.h"

enum { MAX_TRANSCRIPT = 16 * 1024, MAX_LINE = 250 };

/* notify_classes as a set; read once. */
static int wanted_classes(void)
{
    static const struct {
        const char *name;
        int bit;
    } names[] = {{"policy", NOTIFY_POLICY}, {"protocol", NOTIFY_PROTOCOL}, {"software", NOTIFY_SOFTWARE},
        {"resource", NOTIFY_RESOURCE}, {"data", NOTIFY_DATA}};
    static int classes = -1;
    struct arena a = {0};

    if (classes >= 0)
        return classes;
    classes = 0;
    char *cursor = arena_strdup(&a, conf.notify_classes);
    for (char *word; (word = words_next(&cursor, WORDS_LIST)) != NULL;)
        for (size_t i = 0; i < ARRAY_SIZE(names); i++)
            if (strcasecmp(word, names[i].name) == 0)
                classes |= names[i].bit;
    arena_done(&a);
    return classes;
}

void smtpd_notify_record(struct session *s, const char *direction, const char *text)
{
    size_t n = strlen(text);

    if (wanted_classes() == 0 || s->transcript.len > MAX_TRANSCRIPT)
        return;
    str_adds(&s->transcript, direction);
    str_add(&s->transcript, text, n < MAX_LINE ? n : MAX_LINE);
    str_addc(&s->transcript, '\n');
}

void smtpd_notify_forget(struct session *s)
{
    str_clear(&s->transcript);
}

/* header_from_format */
static void put_address(struct str *text, const char *header, const char *name, const char *address)
{
    bool is_standard = strcasecmp(conf.header_from_format, "standard") == 0;

    str_addf(text, is_standard ? "%s: %s <%s>\n" : "%s: %s (%s)\n", header, is_standard ? name : address,
        is_standard ? address : name);
}

static void put_body(struct session *s, struct str *text)
{
    put_address(text, "From", "Mail Delivery System", "MAILER-DAEMON");
    put_address(text, "To", "Postmaster", conf.error_notice_recipient);
    str_addf(text, "Subject: %s SMTP server: errors from %s\n", conf.mail_name, s->peer.namaddr);
    str_addf(text, "Date: %s\n\n", date_rfc5322(clock_seconds()));
    str_adds(text, "Transcript of session follows.\n\n");
    str_add(text, str_text(&s->transcript), s->transcript.len);
    if (s->reason != NULL && s->where != NULL)
        str_addf(text, "\nSession aborted, reason: %s\n", s->reason);
    str_adds(text, "\nFor other details, see the local mail logfile\n");
}

static void post(const char *recipient, const struct str *text)
{
    struct cleanup_message *m = cleanup_open(CLEANUP_MASK_INTERNAL);
    char sender[256];

    if (m == NULL)
        return;
    snprintf(sender, sizeof(sender), "%s@%s", conf.double_bounce_sender, conf.myhostname);
    cleanup_attr(m, "sender", sender);
    cleanup_attr(m, "rewrite_context", "local");
    cleanup_recipient(m, recipient, "", "", 0);
    cleanup_content(m, text->data, text->len);
    if (cleanup_commit(m, NULL) != 0)
        log_warn("postmaster notify: cannot be queued");
}

void smtpd_notify_send(struct session *s)
{
    struct str text = {0};

    if ((s->error_classes & wanted_classes()) == 0 || s->is_stand_alone)
        return;
    put_body(s, &text);
    post(conf.error_notice_recipient, &text);
    str_done(&text);
}
