#include "cmd/sendmail/content.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "base/str.h"
#include "config/config.h"
#include "mail/address_list.h"
#include "mail/mime.h"
#include "queue/record.h"

enum { READ_BYTES = 64 * 1024 };

struct reader {
    struct sendmail_content *content;
    struct str bytes;
    size_t next;               /* what is before it has been taken */
    bool is_end, has_first_line, strips_cr, is_within_line, is_from_line, has_left_from, is_refused;
    struct mime *mime;         /* NULL: nobody asks what the lines are */
    bool has_body;
    struct vec plain, resent;  /* recipients */
    bool is_resent;
};

static void put(struct reader *r, int type, const char *text, size_t n)
{
    if (!r->is_refused && !r->content->put(r->content->context, type, text, n))
        r->is_refused = true;
}

/* --- recipients in headers --- */

static void take_recipients(struct reader *r, const struct header_info *known, const char *text)
{
    bool is_resent = (known->flags & HEADER_OF_RESENT) != 0;
    struct arena *a = r->content->arena;
    struct address_list *list = address_list_parse(a, header_value(text), 0);

    r->is_resent |= is_resent;
    for (size_t i = 0; i < address_list_count(list); i++) {
        const char *address = address_list_internal(list, i);
        if (*address != 0)
            vec_add(is_resent ? &r->resent : &r->plain, (char *) address);
    }
}

static void put_header_line(struct reader *r, const char *line, size_t n)
{
    size_t limit = r->content->line_limit;

    for (; n > limit; line += limit, n -= limit)
        put(r, REC_PART, line, limit);
    put(r, REC_LINE, line, n);
}

static void on_header(void *context, enum mime_class class, const struct header_info *known, struct str *text)
{
    struct reader *r = context;

    (void) class;
    if (known != NULL && (known->flags & HEADER_EXTRACT) != 0)
        take_recipients(r, known, text->data);
    for (const char *line = text->data, *lf; line != NULL; line = lf == NULL ? NULL : lf + 1) {
        lf = strchr(line, '\n');
        put_header_line(r, line, lf == NULL ? strlen(line) : (size_t) (lf - line));
    }
}

/* A header that a line of text ends gets the empty line that was meant. */
static void on_body(void *context, enum mime_piece piece, const char *text, size_t n)
{
    struct reader *r = context;

    if (!r->has_body && n > 0)
        put(r, REC_LINE, "", 0);
    r->has_body = true;
    put(r, piece == MIME_LINE ? REC_LINE : REC_PART, text, n);
}

static void finish_headers(struct reader *r)
{
    struct vec *found = r->is_resent ? &r->resent : &r->plain;

    mime_end(r->mime);
    mime_free(r->mime);
    for (size_t i = 0; i < found->count; i++)
        vec_add(&r->content->recipients, found->items[i]);
    vec_done(&r->plain, NULL);
    vec_done(&r->resent, NULL);
}

/* --- lines --- */

static bool fill(struct reader *r)
{
    ssize_t n;

    str_drop(&r->bytes, r->next);
    r->next = 0;
    str_reserve(&r->bytes, READ_BYTES);
    do
        n = read(r->content->fd, r->bytes.data + r->bytes.len, READ_BYTES);
    while (n < 0 && errno == EINTR);
    if (n < 0)
        return false;
    if (n > 0)
        str_grow(&r->bytes, (size_t) n);
    r->is_end = n == 0;
    return true;
}

/* "From " and ">From ": what a mailbox puts between messages, which is not part of one. */
static bool is_from_line(const char *line, size_t n)
{
    while (n > 0 && *line == '>')
        line++, n--;
    return n >= 5 && memcmp(line, "From ", 5) == 0;
}

/* Whether lines that end in CR LF do so by the rules of somebody else. */
static bool strips_cr(const struct reader *r, const char *first, size_t n)
{
    switch (r->content->line_ends) {
    case SENDMAIL_CRLF_ALWAYS:
        return true;
    case SENDMAIL_CRLF_STRICT:
        return n > 0 && first[n - 1] == '\r';
    case SENDMAIL_CRLF_NEVER:
        return false;
    }
    return false;
}

/* A line without its LF, or a piece of one. False: it is the end. */
static bool take_line(struct reader *r, int type, const char *line, size_t n)
{
    bool is_begin = !r->is_within_line;

    if (!r->has_first_line)
        r->strips_cr = type == REC_LINE && strips_cr(r, line, n);
    r->has_first_line = true;
    r->is_within_line = type == REC_PART;
    if (type == REC_LINE && r->strips_cr)
        while (n > 0 && line[n - 1] == '\r')
            n--;
    if (is_begin)
        r->is_from_line = !r->has_left_from && is_from_line(line, n);
    if (r->is_from_line)
        return true;
    r->has_left_from = true;
    if (!r->content->has_no_end_dot && is_begin && n == 1 && *line == '.')
        return false;
    if (r->mime != NULL)
        mime_line(r->mime, type == REC_LINE ? MIME_LINE : MIME_CONTINUED, line, n);
    else
        put(r, type, line, n);
    return true; /* refused or not: a caller that cannot write all of it would die of that */
}

/* What the buffer holds of the next line. False: too little, or the end of the message (is_end). */
static bool next_line(struct reader *r)
{
    const char *line = str_text(&r->bytes) + r->next;
    size_t n = r->bytes.len - r->next, limit = r->content->line_limit;
    size_t look = n < limit ? n : limit;
    const char *lf = look == 0 ? NULL : memchr(line, '\n', look);

    if (lf == NULL && n < limit && !(r->is_end && n > 0))
        return false;
    size_t len = lf == NULL ? look : (size_t) (lf - line);
    r->next += len + (lf != NULL);
    if (take_line(r, lf == NULL ? REC_PART : REC_LINE, line, len))
        return true;
    r->is_end = true;
    r->next = r->bytes.len;
    return false;
}

bool sendmail_content_read(struct sendmail_content *c)
{
    static const struct mime_events events = {.header = on_header, .body = on_body};
    struct mime_limits limits = mime_default_limits;
    struct reader r = {.content = c};
    bool ok = true;

    limits.header_size = (size_t) conf.header_size_limit;
    if (c->reads_recipients)
        r.mime = mime_new(MIME_DISABLE, &limits, &events, &r);
    while (ok && !r.is_end && (ok = fill(&r)))
        while (next_line(&r))
            continue;
    int cause = errno;
    if (c->reads_recipients)
        finish_headers(&r);
    str_done(&r.bytes);
    errno = cause;
    return ok;
}
