#include "mail/postmaster.h"

#include <strings.h>

#include "base/log.h"
#include "config/config.h"
#include "config/name_set.h"
#include "mail/cleanup_client.h"
#include "mail/fold.h"

enum { MAX_TRANSCRIPT = 16 * 1024, MAX_LINE = 250, WIDTH = 78 };

int postmaster_classes(void)
{
    static const struct name_bit names[] = {{"bounce", NOTIFY_BOUNCE}, {"2bounce", NOTIFY_2BOUNCE},
        {"data", NOTIFY_DATA}, {"delay", NOTIFY_DELAY}, {"policy", NOTIFY_POLICY}, {"protocol", NOTIFY_PROTOCOL},
        {"resource", NOTIFY_RESOURCE}, {"software", NOTIFY_SOFTWARE}};
    static int classes = -1; /* main.cf does not change in the life of a process */

    if (classes < 0)
        classes = name_set_parse("notify_classes", conf.notify_classes, names, ARRAY_SIZE(names));
    return classes;
}

/* Of every line of every session: so it is quick. */
void postmaster_note(struct str *transcript, enum postmaster_direction direction, const char *text)
{
    static const int not_of_sessions = NOTIFY_2BOUNCE | NOTIFY_DELAY;
    size_t n = strlen(text);

    if ((postmaster_classes() & ~not_of_sessions) == 0 || transcript->len > MAX_TRANSCRIPT)
        return;
    str_adds(transcript, direction == POSTMASTER_IN ? "In:  " : "Out: ");
    str_add(transcript, text, n < MAX_LINE ? n : MAX_LINE);
    str_addc(transcript, '\n');
}

bool postmaster_is_sender(const char *sender)
{
    size_t n = strlen(conf.double_bounce_sender);

    return strncasecmp(sender, conf.double_bounce_sender, n) == 0 && (sender[n] == 0 || sender[n] == '@');
}

/* header_from_format */
static void add_address(struct str *text, const char *header, const char *name, const char *address)
{
    bool is_standard = strcasecmp(conf.header_from_format, "standard") == 0;

    str_addf(text, is_standard ? "%s: %s <%s>\n" : "%s: %s (%s)\n", header, is_standard ? name : address,
        is_standard ? address : name);
}

static void add_transcript(const struct str *transcript, struct str *text)
{
    struct str line = {0};

    for (const char *p = str_text(transcript), *end; (end = strchr(p, '\n')) != NULL; p = end + 1) {
        str_clear(&line);
        str_add(&line, p, (size_t) (end - p));
        fold_text(text, " ", str_text(&line), WIDTH);
    }
    str_done(&line);
}

static void add_report(const struct postmaster_report *r, struct str *text)
{
    struct str daemon = {0};

    str_setf(&daemon, "MAILER-DAEMON@%s", conf.myhostname);
    add_address(text, "From", "Mail Delivery System", str_text(&daemon));
    add_address(text, "To", "Postmaster", conf.error_notice_recipient);
    str_addf(text, "Subject: %s %s: errors from %s\n\n", conf.mail_name, r->who, r->peer);
    if (*r->beginning != 0)
        str_addf(text, "%s\n\n", r->beginning);
    str_adds(text, "Transcript of session follows.\n\n");
    add_transcript(r->transcript, text);
    str_addf(text, "\n%s", r->ending);
    str_adds(text, "For other details, see the local mail logfile\n");
    str_done(&daemon);
}

void postmaster_send(const struct postmaster_report *r)
{
    struct str text = {0}, sender = {0};
    struct cleanup_message *m = cleanup_open(cleanup_internal_flags(CLEANUP_INTERNAL_NOTIFY));

    if (m == NULL)
        return;
    str_setf(&sender, "%s@%s", conf.double_bounce_sender, conf.myhostname);
    cleanup_attr(m, "sender", str_text(&sender));
    cleanup_attr(m, "rewrite_context", "local");
    cleanup_recipient(m, r->recipient, r->recipient, "", 0);
    cleanup_own_header(m);
    add_report(r, &text);
    cleanup_content(m, text.data, text.len);
    if (cleanup_commit(m, NULL) != 0)
        log_warn("postmaster notify: cannot be queued");
    str_done(&text);
    str_done(&sender);
}
