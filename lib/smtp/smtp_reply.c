#include "smtp/smtp_reply.h"

#include <ctype.h>

enum {
    LINE_BYTES = 2048,  /* more of a line is dropped; RFC 5321 4.5.3.1.5 has 512 */
    TEXT_BYTES = 16384, /* more of a reply is dropped */
    MAX_LINES = 1000    /* more is no reply any more */
};

/* The code of a line, and whether more lines follow. 0: none. */
static int parse_code(const char *line, bool *has_more)
{
    for (int i = 0; i < 3; i++)
        if (!isdigit((unsigned char) line[i]))
            return 0;
    *has_more = line[3] == '-';
    if (line[3] != 0 && line[3] != ' ' && line[3] != '-')
        return 0;
    return (line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0');
}

/* What the last line says, if its class is that of the code. */
static void set_status(struct smtp_reply *r, const char *line)
{
    int class = r->code / 100;

    const char *text = line + 3 + (line[3] != 0);
    size_t n = dsn_status_at(text);
    if (n > 0 && text[0] == class + '0') {
        memcpy(r->status, text, n);
        r->status[n] = 0;
        return;
    }
    memcpy(r->status, "5.5.0", sizeof("5.5.0")); /* a code that no command asks for is an error of the protocol */
    if (class == 2 || class == 4 || class == 5) {
        r->status[0] = (char) (class + '0');
        r->status[2] = '0';
    }
}

/* A line into the text, its end if it is too long left out. */
static enum line_result read_line(struct stream *s, struct str *text, size_t *start)
{
    if (text->len > 0)
        str_addc(text, '\n');
    *start = text->len;
    enum line_result result = stream_line(s, text, LINE_BYTES);
    if (result != LINE_TOO_LONG)
        return result;
    struct str rest = {0};
    do {
        str_clear(&rest);
        result = stream_line(s, &rest, LINE_BYTES);
    } while (result == LINE_TOO_LONG);
    str_done(&rest);
    return result;
}

void smtp_reply_wait(struct stream *s)
{
    msec deadline = s->timeout == NEVER ? NEVER : clock_after(s->timeout);

    stream_wait(s, deadline < s->deadline ? deadline : s->deadline);
}

bool smtp_reply_read(struct stream *s, struct smtp_reply *r)
{
    size_t start;

    r->code = 0;
    str_clear(&r->text);
    str_clear(&r->garbage);
    for (int lines = 0; lines < MAX_LINES; lines++) {
        bool has_more = false;
        if (read_line(s, &r->text, &start) != LINE_OK)
            return false;
        if (r->filter != NULL && !r->filter(r->context, &r->text, start))
            return false;
        const char *line = str_text(&r->text) + start;
        int code = parse_code(line, &has_more);
        if (code == 0 && r->garbage.len == 0)
            str_set(&r->garbage, *line != 0 ? line : " ");
        if (code != 0 && !has_more) {
            r->code = code;
            set_status(r, line);
            return true;
        }
        if (start > TEXT_BYTES)
            str_cut(&r->text, start - 1);
    }
    return false;
}

int smtp_reply_class(const struct smtp_reply *r)
{
    return r->code / 100;
}

void smtp_reply_done(struct smtp_reply *r)
{
    str_done(&r->text);
    str_done(&r->garbage);
}
