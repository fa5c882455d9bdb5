/* tcp:host:port: a server that is asked "get KEY" and answers "200 VALUE", "500 ..." for a key that it
 * does not have, or "400 ..." for one that it cannot say (tcp_table(5)). */
#include <ctype.h>
#include <errno.h>
#include <stdio.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/task.h"
#include "table/server.h"
#include "table/type.h"
#include "table/types.h"

enum {
    TIMEOUT_MS = 100 * 1000,
    MAX_REPLY = 4096,
    MAX_TRIES = 10,
    PAUSE_MS = 1000 /* before the next try */
};

static bool tcp_open(struct table *t, struct str *why)
{
    struct server *s = t->state = mem_zalloc(sizeof(*s));
    bool ok = server_init_inet(s, t->name, why);

    s->timeout = TIMEOUT_MS;
    return ok;
}

static void tcp_close(struct table *t)
{
    server_done(t->state);
    mem_free(t->state);
}

static void encode(struct stream *s, const char *key, size_t len)
{
    for (size_t i = 0; i < len; i++) {
        unsigned char c = (unsigned char) key[i];
        if (c > ' ' && c < 0x7f && c != '%')
            stream_add(s, &key[i], 1);
        else
            stream_addf(s, "%%%02X", c);
    }
}

static int digit(char c)
{
    return isdigit((unsigned char) c) ? c - '0' : tolower((unsigned char) c) - 'a' + 10;
}

/* %XX to bytes; a value ends at the first NUL, as everywhere. False: something else follows a '%'. */
static bool decode(const char *text, struct str *value)
{
    for (; *text != 0; text++) {
        if (*text != '%') {
            str_addc(value, *text);
            continue;
        }
        if (!isxdigit((unsigned char) text[1]) || !isxdigit((unsigned char) text[2]))
            return false;
        str_addc(value, (char) (digit(text[1]) << 4 | digit(text[2])));
        text += 2;
    }
    str_cut(value, strlen(str_text(value)));
    return true;
}

static enum table_result refuse(struct table *t, const char *what, const char *line)
{
    t->error = EPROTO;
    log_warn("read TCP map reply from %s: %s: %.100s", t->name, what, line);
    return TABLE_ERROR;
}

/* What a reply means. */
static enum table_result read_reply(struct table *t, const char *line, struct str *value)
{
    int code = 0, text = 0;

    if (sscanf(line, "%3d%n", &code, &text) != 1 || text != 3 || line[3] != ' ' || !decode(line + 4, value))
        return refuse(t, "malformed reply", line);
    switch (code) {
    case 200:
        return TABLE_FOUND;
    case 500:
        return TABLE_ABSENT;
    case 400:
        t->error = EAGAIN;
        return TABLE_ERROR;
    default:
        return refuse(t, "bad status code", line);
    }
}

/* One question. False: the connection failed, which was logged; try again. */
static bool ask(struct table *t, const char *key, size_t len, struct str *line)
{
    struct server *s = t->state;
    struct server_link *l = server_take(s);

    if (l == NULL) {
        t->error = errno;
        log_warn("connect to TCP map %s: %s", t->name, strerror(t->error));
        return false;
    }
    stream_adds(&l->stream, "get ");
    encode(&l->stream, key, len);
    stream_adds(&l->stream, "\n");
    enum line_result result = stream_raw_line(&l->stream, line, MAX_REPLY);
    bool ok = result == LINE_OK;
    if (result == LINE_TOO_LONG)
        log_warn("read TCP map reply from %s: text longer than %d", t->name, MAX_REPLY);
    else if (!ok && !l->is_reused)
        log_warn("read TCP map reply from %s: unexpected EOF (%s)", t->name, stream_error_text(&l->stream));
    if (ok)
        str_cut(line, line->len - 1); /* a CR before the LF belongs to the value */
    t->error = ok ? 0 : ECONNRESET;
    server_give(s, l, ok);
    return ok;
}

static enum table_result tcp_find(struct table *t, const char *key, size_t len, struct str *value)
{
    struct str line = {0};
    enum table_result result = TABLE_ERROR;

    for (int i = 0; i < MAX_TRIES && !task_is_cancelled(); i++) {
        str_clear(&line);
        if (ask(t, key, len, &line)) {
            result = read_reply(t, str_text(&line), value);
            break;
        }
        if (i + 1 < MAX_TRIES)
            task_sleep(PAUSE_MS);
    }
    str_done(&line);
    return result;
}

const struct type_ops tcp_ops = {.open = tcp_open, .close = tcp_close, .find = tcp_find};
