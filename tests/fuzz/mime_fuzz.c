/* MIME: the first byte chooses options, the second the size of the pieces; whole and in pieces must give the same. */
#include <assert.h>
#include <stdint.h>

#include "mail/mime.h"

static void on_header(void *context, enum mime_class class, const struct header_info *known, struct str *text)
{
    str_addf(context, "H%d%s", (int) class, known == NULL ? "" : known->name);
    str_add(context, str_text(text), text->len);
}

static void on_body(void *context, enum mime_piece piece, const char *text, size_t len)
{
    str_addc(context, (char) piece);
    str_add(context, text, len);
}

static void on_error(void *context, enum mime_error error, const char *text, size_t len)
{
    str_addf(context, "!%s", mime_error_text(error));
    str_add(context, text, len);
}

static int parse(int options, const char *bytes, size_t n, size_t piece, struct str *out)
{
    static const struct mime_limits limits = {
        .line_length = 80, .header_size = 400, .boundary_length = 20, .nesting = 3};
    static const struct mime_events events = {.header = on_header, .body = on_body, .error = on_error};
    struct mime *m = mime_new(options, &limits, &events, out);

    for (size_t at = 0; at < n; at += piece)
        mime_push(m, bytes + at, n - at < piece ? n - at : piece);
    int errors = mime_end(m);
    mime_free(m);
    return errors;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct str whole = {0}, pieces = {0};

    if (size < 3)
        return 0;
    int options = (data[0] & 63) | (data[0] & 64 ? MIME_DOWNGRADE : 0) | (data[0] & 128 ? MIME_DISABLE : 0);
    int first = parse(options, (const char *) data + 2, size - 2, size, &whole);
    int second = parse(options, (const char *) data + 2, size - 2, (size_t) data[1] + 1, &pieces);
    assert(first == second && whole.len == pieces.len);
    assert(memcmp(str_text(&whole), str_text(&pieces), whole.len) == 0);
    str_done(&whole);
    str_done(&pieces);
    return 0;
}
