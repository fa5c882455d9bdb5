#include "smtp/smtp_text.h"

static void break_line(struct smtp_text *t, const char *bytes, size_t n, bool is_end)
{
    size_t part;

    while ((part = t->line_limit - t->used) <= n) {
        str_add(t->out, bytes, part);
        bytes += part;
        n -= part;
        str_adds(t->out, "\r\n");
        t->used = 0;
        if (n == 0 && is_end)
            return;
        str_addc(t->out, ' ');
        t->used = 1;
        t->has_broken = true;
    }
    str_add(t->out, bytes, n);
    t->used += n;
    if (is_end) {
        str_adds(t->out, "\r\n");
        t->used = 0;
    }
}

void smtp_text_add(struct smtp_text *t, const char *bytes, size_t n, bool is_end)
{
    t->is_open = !is_end;
    if (t->used == 0 && n > 0 && *bytes == '.')
        str_addc(t->out, '.');
    if (t->line_limit != 0 && n >= t->line_limit - t->used) {
        break_line(t, bytes, n, is_end);
        return;
    }
    char *to = str_grow(t->out, n + (is_end ? 2 : 0));
    memcpy(to, bytes, n);
    t->used += n;
    if (is_end) {
        to[n] = '\r';
        to[n + 1] = '\n';
        t->used = 0;
    }
}

void smtp_text_end(struct smtp_text *t)
{
    if (t->is_open)
        smtp_text_add(t, "", 0, true);
    str_adds(t->out, ".\r\n");
}
