#include "cmd/postmap/keys.h"

#include <stdio.h>

#include "mail/mime.h"

struct query {
    struct tool *tool;
    bool is_found, is_body, wants_body;
};

static void on_header(void *context, enum mime_class class, const struct header_info *known, struct str *text)
{
    struct query *q = context;

    (void) class;
    (void) known;
    q->is_found |= tool_query_line(q->tool, str_text(text));
}

static void on_header_end(void *context)
{
    struct query *q = context;

    q->is_body = q->wants_body;
}

/* Boundaries and headers of attachments come here as well, when nobody asks for these. */
static void on_body(void *context, enum mime_piece piece, const char *text, size_t len)
{
    struct query *q = context;
    struct str line = {0};

    (void) piece;
    if (!q->is_body)
        return;
    str_add(&line, text, len);
    q->is_found |= tool_query_line(q->tool, str_text(&line));
    str_done(&line);
}

bool postmap_query_message(struct tool *t, int keys)
{
    char chunk[4096];
    struct query q = {.tool = t, .wants_body = (keys & POSTMAP_BODY) != 0};
    const struct mime_events events = {.header = (keys & POSTMAP_HEADERS) != 0 ? on_header : NULL,
        .header_end = on_header_end,
        .body = q.wants_body ? on_body : NULL};
    struct mime *m = mime_new((keys & POSTMAP_MIME) != 0 ? 0 : MIME_DISABLE, &mime_default_limits, &events, &q);

    for (size_t n; (n = fread(chunk, 1, sizeof(chunk), stdin)) > 0;)
        mime_push(m, chunk, n);
    mime_end(m);
    mime_free(m);
    return q.is_found;
}
