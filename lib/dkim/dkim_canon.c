#include "dkim/dkim_canon.h"

#include <string.h>

#include "base/mem.h"
#include "dkim/dkim_hash.h"

enum { BUFFER = 4096 };

struct dkim_body {
    enum dkim_canon canon;
    EVP_MD_CTX *ctx;
    size_t line_ends; /* seen, but not hashed: those at the end of the body do not count */
    bool has_blank;   /* relaxed: so is white space, for it does not count at the end of a line */
    bool has_text, is_finished;
    unsigned char hash[DKIM_HASH_LEN];
    size_t used;
    char buffer[BUFFER]; /* many small updates would cost more than the copying */
};

const char *dkim_canon_name(enum dkim_canon canon)
{
    return canon == DKIM_SIMPLE ? "simple" : "relaxed";
}

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* --- headers --- */

static void add_simple(const char *text, size_t len, struct str *out)
{
    const char *lf;

    for (; (lf = memchr(text, '\n', len)) != NULL; len -= (size_t) (lf + 1 - text), text = lf + 1) {
        str_add(out, text, (size_t) (lf - text));
        str_add(out, "\r\n", 2);
    }
    str_add(out, text, len);
}

/* RFC 6376 3.4.2: name in lower case, unfolded, one blank for any white space, none at the ends. */
static void add_relaxed(const char *text, size_t len, struct str *out)
{
    const char *colon = memchr(text, ':', len);
    size_t name_len = colon == NULL ? len : (size_t) (colon - text);
    size_t value = colon == NULL ? len : name_len + 1;
    char *to = str_grow(out, len), *start = to;
    bool has_blank = false;

    while (name_len > 0 && is_blank(text[name_len - 1]))
        name_len--;
    for (size_t i = 0; i < name_len; i++)
        *to++ = text[i] >= 'A' && text[i] <= 'Z' ? (char) (text[i] + ('a' - 'A')) : text[i];
    if (colon != NULL)
        *to++ = ':';
    const char *value_start = to;
    for (size_t i = value; i < len; i++) {
        if (is_blank(text[i]) || text[i] == '\n') {
            has_blank = true;
            continue;
        }
        if (has_blank && to > value_start)
            *to++ = ' ';
        has_blank = false;
        *to++ = text[i];
    }
    str_cut(out, out->len - len + (size_t) (to - start));
}

void dkim_canon_header(enum dkim_canon canon, const char *text, size_t len, struct str *out)
{
    if (len > 0 && text[len - 1] == '\n')
        len--;
    if (len == 0)
        return;
    if (canon == DKIM_SIMPLE)
        add_simple(text, len, out);
    else
        add_relaxed(text, len, out);
}

/* --- bodies --- */

struct dkim_body *dkim_canon_body_new(enum dkim_canon canon)
{
    struct dkim_body *b = mem_alloc(sizeof(*b));

    b->canon = canon;
    b->ctx = dkim_hash_new();
    dkim_canon_body_reset(b);
    return b;
}

void dkim_canon_body_free(struct dkim_body *b)
{
    if (b == NULL)
        return;
    EVP_MD_CTX_free(b->ctx);
    mem_free(b);
}

void dkim_canon_body_reset(struct dkim_body *b)
{
    b->line_ends = b->used = 0;
    b->has_blank = b->has_text = b->is_finished = false;
    dkim_hash_start(b->ctx);
}

static void put(struct dkim_body *b, const char *bytes, size_t n)
{
    if (b->used + n > BUFFER) {
        dkim_hash_add(b->ctx, b->buffer, b->used);
        b->used = 0;
    }
    if (n > BUFFER) {
        dkim_hash_add(b->ctx, bytes, n);
        return;
    }
    memcpy(b->buffer + b->used, bytes, n);
    b->used += n;
}

/* Text comes: what was held back before it counts after all. */
static void put_text(struct dkim_body *b, const char *text, size_t n)
{
    for (; b->line_ends > 0; b->line_ends--)
        put(b, "\r\n", 2);
    if (b->has_blank)
        put(b, " ", 1);
    put(b, text, n);
    b->has_blank = false;
    b->has_text = true;
}

/* Most lines have single blanks between words and nothing else to change. */
static bool is_relaxed(const char *text, size_t n)
{
    return n > 0 && !is_blank(text[0]) && !is_blank(text[n - 1]) && memchr(text, '\t', n) == NULL &&
           memmem(text, n, "  ", 2) == NULL;
}

static void add_relaxed_line(struct dkim_body *b, const char *text, const char *end)
{
    if (is_relaxed(text, (size_t) (end - text))) {
        put_text(b, text, (size_t) (end - text));
        return;
    }
    while (text < end) {
        for (; text < end && is_blank(*text); text++)
            b->has_blank = true;
        const char *words = text;
        while (text < end && (!is_blank(*text) || (*text == ' ' && text + 1 < end && !is_blank(text[1]))))
            text++;
        if (text > words)
            put_text(b, words, (size_t) (text - words));
    }
}

static void add_line(struct dkim_body *b, const char *text, const char *end)
{
    if (b->canon == DKIM_RELAXED)
        add_relaxed_line(b, text, end);
    else if (text < end)
        put_text(b, text, (size_t) (end - text));
}

void dkim_canon_body_add(struct dkim_body *b, const char *bytes, size_t n)
{
    const char *end = bytes + n, *lf;

    for (; bytes < end && (lf = memchr(bytes, '\n', (size_t) (end - bytes))) != NULL; bytes = lf + 1) {
        add_line(b, bytes, lf);
        b->line_ends++;
        b->has_blank = false;
    }
    add_line(b, bytes, end);
}

const unsigned char *dkim_canon_body_hash(struct dkim_body *b)
{
    if (b->is_finished)
        return b->hash;
    if (b->has_text || b->canon == DKIM_SIMPLE) /* RFC 6376 3.4.3, 3.4.4: an empty body differs */
        put(b, "\r\n", 2);
    dkim_hash_add(b->ctx, b->buffer, b->used);
    dkim_hash_finish(b->ctx, b->hash);
    b->is_finished = true;
    return b->hash;
}
