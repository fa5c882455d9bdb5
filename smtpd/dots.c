#include "smtpd/dots.h"

#include <string.h>

/* The unfinished conversion of one chunk. */
struct span {
    const char *in, *end;
    char *out;
};

static void end_line(struct dots *d, bool is_bare)
{
    d->has_cr = false;
    d->was_bare = is_bare;
    d->saw_bare |= is_bare;
    d->state = DOTS_LINE_START;
}

bool smtpd_dots_is_cr_text(struct dots *d, const char *bytes, size_t n)
{
    if (!d->has_cr || n == 0 || bytes[0] == '\n')
        return false;
    d->has_cr = false;
    d->state = DOTS_TEXT;
    return true;
}

/* The fast path: text up to its line end, by memchr and memmove. */
static void text(struct dots *d, struct span *c)
{
    const char *lf = memchr(c->in, '\n', (size_t) (c->end - c->in));
    const char *stop = lf == NULL ? c->end : lf;

    if (stop > c->in)
        d->has_cr = stop[-1] == '\r';
    size_t n = (size_t) (stop - c->in) - (stop > c->in && d->has_cr);
    if (n > 0 && c->out != c->in)
        memmove(c->out, c->in, n);
    c->out += n;
    c->in = stop;
    if (lf == NULL)
        return;
    c->in++;
    *c->out++ = '\n';
    d->line_count++;
    end_line(d, !d->has_cr);
}

/* A line that is a dot, at its line feed. */
static void end_dot_line(struct dots *d, struct span *c)
{
    bool is_bare = !d->has_cr;

    c->in++;
    if (d->wants_crlf && (is_bare || d->was_bare))
        end_line(d, is_bare);
    else
        d->state = DOTS_END;
}

/* Behind the dot. */
static void dot(struct dots *d, struct span *c)
{
    if (*c->in == '\n')
        end_dot_line(d, c);
    else if (*c->in == '\r') {
        c->in++;
        d->has_cr = true;
        d->state = DOTS_DOT_CR;
    } else
        d->state = DOTS_TEXT;
}

/* Behind a dot and a carriage return. */
static void dot_cr(struct dots *d, struct span *c)
{
    if (*c->in == '\n') {
        end_dot_line(d, c);
        return;
    }
    *c->out++ = '\r'; /* it was in this chunk, see smtpd_dots_is_cr_text(): there is room */
    d->has_cr = false;
    d->state = DOTS_TEXT;
}

size_t smtpd_dots_decode(struct dots *d, char *bytes, size_t n, size_t *used)
{
    struct span c = {.in = bytes, .end = bytes + n, .out = bytes};

    while (c.in < c.end && d->state != DOTS_END) {
        switch (d->state) {
        case DOTS_LINE_START:
            d->state = *c.in == '.' && d->has_dots ? DOTS_DOT : DOTS_TEXT;
            c.in += d->state == DOTS_DOT;
            break;
        case DOTS_DOT:
            dot(d, &c);
            break;
        case DOTS_DOT_CR:
            dot_cr(d, &c);
            break;
        case DOTS_TEXT:
            text(d, &c);
            break;
        case DOTS_END:
            break;
        }
    }
    *used = (size_t) (c.in - bytes);
    return (size_t) (c.out - bytes);
}
