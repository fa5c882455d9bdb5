/* message.c: envelopes and contents.
 */
#include <time.h>
#include <unistd.h>

#include "source.h"

enum { COLUMNS = 72 };

static struct str body;        /* lines of varied text, ready to send */
static char date[64];

void smtp_source_message_prepare(void)
{
    time_t now = clock_seconds();

    strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S %z", localtime(&now));
    for (long i = 0; i < source_options.body_bytes; i++) {
        long column = i % (COLUMNS + 2), row = i / (COLUMNS + 2);
        str_addc(&body, column == COLUMNS ? '\r' : column == COLUMNS + 1 ? '\n' : (char) ('a' + (i * 5 + row) % 26));
    }
    if (body.len > 0 && body.data[body.len - 1] == '\r')
        str_cut(&body, body.len - 1);
    if (body.len > 0 && body.data[body.len - 1] != '\n')
        str_adds(&body, "\r\n");
}

void smtp_source_message_mail(struct source_session *s)
{
    stream_addf(&s->stream, "MAIL FROM:<%s>\r\n", source_options.sender);
}

static void recipient(struct str *to, long message, long i)
{
    long serial = message * source_options.recipient_count + i;

    if (source_options.domain_count > 0)
        str_addf(to, "u%ld@d%ld.example", serial, serial % source_options.domain_count);
    else if (source_options.numbers_recipients)
        str_addf(to, "%ld%s", serial + 1, source_options.recipient);
    else if (source_options.recipient_count > 1)
        str_addf(to, "%ld%s", i + 1, source_options.recipient);
    else
        str_adds(to, source_options.recipient);
}

void smtp_source_message_rcpt(struct source_session *s, long message, long i)
{
    str_set(&s->text, "RCPT TO:<");
    recipient(&s->text, message, i);
    str_adds(&s->text, ">\r\n");
    stream_add(&s->stream, s->text.data, s->text.len);
}

const char *smtp_source_message_id(long message)
{
    static struct str id;

    str_setf(&id, "<%ld.%d@%s>", message, (int) getpid(), source_options.myhostname);
    return str_text(&id);
}

static void add_header(struct source_session *s, long message)
{
    str_setf(&s->text, "From: <%s>\r\nTo: <", source_options.sender);
    recipient(&s->text, message, 0);
    str_addf(&s->text, ">\r\nDate: %s\r\nMessage-ID: %s\r\n", date, smtp_source_message_id(message));
    if (source_options.subject != NULL)
        str_addf(&s->text, "Subject: %s\r\n", source_options.subject);
    str_adds(&s->text, "\r\n");
    stream_add(&s->stream, s->text.data, s->text.len);
}

void smtp_source_message_content(struct source_session *s, long message)
{
    if (source_options.file.len > 0)
        stream_add(&s->stream, source_options.file.data, source_options.file.len);
    else {
        if (!source_options.is_old)
            add_header(s, message);
        stream_add(&s->stream, str_text(&body), body.len);
    }
    stream_adds(&s->stream, ".\r\n");
}
