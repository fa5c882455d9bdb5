/* redis:/file.cf: a Redis server, its strings or the fields of one of its hashes (redis_table(5)). */
#include <stdlib.h>

#include "base/log.h"
#include "base/mem.h"
#include "base/words.h"
#include "table/remote.h"
#include "table/types.h"

enum { LINE_LIMIT = 1024, MAX_WORDS = 4 };

struct redis {
    struct remote remote;
    char *username, *password, *hash; /* NULL: none */
    int database;
};

/* A question, and what came. */
struct request {
    const struct redis *r;
    const struct table *t;
    const char *words[MAX_WORDS]; /* up to NULL */
    struct str *value;            /* a bulk string; NULL: none is expected */
    enum table_result result;     /* TABLE_ABSENT: null, or 0 */
};

static char *optional(struct dbms_conf *c, const char *parameter)
{
    const char *text = dbms_conf_text(c, parameter, "");

    return *text == 0 ? NULL : mem_strdup(text);
}

static bool redis_open(struct table *t, struct str *why)
{
    struct redis *r = t->state = mem_zalloc(sizeof(*r));
    struct dbms_conf c;
    bool ok = dbms_conf_open(&c, t->name, why);

    if (ok) {
        r->username = optional(&c, "username");
        r->password = optional(&c, "password");
        r->hash = optional(&c, "hash");
        r->database = dbms_conf_int(&c, "database", 0, 0);
        ok = remote_open(&r->remote, &c, t, "redis", "inet:localhost:6379", why);
    }
    dbms_conf_close(&c);
    return ok;
}

static void redis_close(struct table *t)
{
    struct redis *r = t->state;

    remote_close(&r->remote);
    mem_free(r->username);
    mem_free(r->password);
    mem_free(r->hash);
    mem_free(r);
}

/* An array of strings, each with its length: nothing in a key or value has a meaning. */
static void send_words(struct stream *s, const char *const words[MAX_WORDS])
{
    int count = 0;

    while (count < MAX_WORDS && words[count] != NULL)
        count++;
    stream_addf(s, "*%d\r\n", count);
    for (int i = 0; i < count; i++)
        stream_addf(s, "$%zu\r\n%s\r\n", strlen(words[i]), words[i]);
}

static bool read_bulk(struct stream *s, const struct request *q, long size, struct str *why)
{
    struct str ignored = {0};

    if (size < 0 || (size_t) size > q->r->remote.data_limit) {
        str_setf(why, "%s: redis server reply of %ld bytes exceeds data_size_limit", q->t->name, size);
        return false;
    }
    struct str *value = q->value == NULL ? &ignored : q->value;
    bool ok = remote_data(s, (size_t) size, value, why);
    str_cut(value, strlen(str_text(value)));
    str_done(&ignored);
    return ok;
}

/* "+text", "-error", ":number", "$length" and data; "$-1" is none. */
static bool read_reply(struct stream *s, struct request *q, struct str *why)
{
    struct str line = {0};
    long number = 0;
    bool ok = remote_line(s, LINE_LIMIT, &line, why);
    char kind = ok ? str_text(&line)[0] : 0;
    bool has_number = ok && line.len > 1 && words_to_long(line.data + 1, &number);

    q->result = TABLE_FOUND;
    if (kind == ':' && has_number) {
        q->result = number == 0 ? TABLE_ABSENT : TABLE_FOUND;
    } else if (kind == '$' && number == -1) {
        q->result = TABLE_ABSENT;
    } else if (kind == '$' && has_number) {
        ok = read_bulk(s, q, number, why);
    } else if (ok && kind != '+') {
        str_setf(why, "%s: redis server: %.100s", q->t->name, str_text(&line));
        ok = false;
    }
    str_done(&line);
    return ok;
}

static bool introduce(struct stream *s, const struct request *q, struct str *why)
{
    const struct redis *r = q->r;
    struct request hello = {.r = r, .t = q->t};
    bool ok = true;

    if (r->password != NULL) {
        const char *words[MAX_WORDS] = {"AUTH", r->username != NULL ? r->username : r->password,
            r->username != NULL ? r->password : NULL, NULL};
        send_words(s, words);
        ok = read_reply(s, &hello, why);
    }
    if (ok && r->database > 0) {
        char *number = mem_printf("%d", r->database);
        const char *words[MAX_WORDS] = {"SELECT", number, NULL};
        send_words(s, words);
        ok = read_reply(s, &hello, why);
        mem_free(number);
    }
    return ok;
}

static bool talk(struct stream *s, void *context, bool is_new, struct str *why)
{
    struct request *q = context;

    if (is_new && !introduce(s, q, why))
        return false;
    send_words(s, q->words);
    return read_reply(s, q, why);
}

/* verb KEY [value], or of a hash: hash_verb HASH KEY [value]. */
static enum table_result ask(struct table *t, const char *verb, const char *hash_verb, const char *key,
    const char *new_value, struct str *value)
{
    struct redis *r = t->state;
    struct str server_key = {0};
    enum table_result result = remote_key(&r->remote, t, key, &server_key);

    if (result == TABLE_FOUND) {
        const char *name = str_text(&server_key);
        struct request q = {.r = r, .t = t, .value = value, .words = {verb, name, new_value, NULL}};
        if (r->hash != NULL)
            q = (struct request){.r = r, .t = t, .value = value, .words = {hash_verb, r->hash, name, new_value}};
        result = remote_ask(t, &r->remote, talk, &q) ? q.result : TABLE_ERROR;
    }
    str_done(&server_key);
    return result;
}

static enum table_result redis_find(struct table *t, const char *key, size_t len, struct str *value)
{
    (void) len;
    return ask(t, "GET", "HGET", key, NULL, value);
}

/* HSET says how many fields are new: 0 is fine, too. */
static enum table_put redis_put(struct table *t, const char *key, const char *value, bool is_bare)
{
    struct str unused = {0};

    (void) is_bare;
    enum table_result may_store = remote_key(&((struct redis *) t->state)->remote, t, key, &unused);
    if (may_store == TABLE_ABSENT)
        log_warn("database %s: skipping update for key \"%s\"", t->full_name, key);
    str_done(&unused);
    if (may_store != TABLE_FOUND)
        return TABLE_FAILED;
    return ask(t, "SET", "HSET", key, value, NULL) == TABLE_ERROR ? TABLE_FAILED : TABLE_STORED;
}

static enum table_result redis_remove(struct table *t, const char *key, size_t len)
{
    (void) len;
    return ask(t, "DEL", "HDEL", key, NULL, NULL);
}

const struct type_ops redis_ops = {
    .open = redis_open, .close = redis_close, .find = redis_find, .put = redis_put, .remove = redis_remove};
