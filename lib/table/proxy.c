/* proxy:type:name, and, in daemons, each table whose client library blocks: the table type:name as
 * proxymap(8) has it.
 *
 * Where proxymap must not be believed (TABLE_NO_PROXY: who delivers with other users' rights), and in
 * commands, the table is opened by this process. */
#include "table/proxy.h"

#include "base/log.h"
#include "base/mem.h"
#include "base/words.h"
#include "config/config.h"
#include "ipc/attr.h"
#include "table/parts.h"
#include "table/proxy_client.h"
#include "table/types.h"

static bool is_used; /* see proxy_use() */

void proxy_use(bool on)
{
    is_used = on;
}

struct proxied {
    struct table *direct; /* opened here; NULL: asked for */
    const char *name;     /* type:name */
    int wire_flags;
    bool for_writing;
};

/* Postfix's flags, of which ours are some. */
static const struct {
    int flag, wire;
} wire_flags[] = {
    {TABLE_DUP_IGNORE, 1 << 1},
    {TABLE_WITH_NUL, 1 << 2 /* keys without NUL are tried, too: 1 << 3 */},
    {TABLE_LOCK, 1 << 6},
    {TABLE_DUP_REPLACE, 1 << 7},
    {TABLE_NO_REGSUB, 1 << 11},
    {TABLE_FOLD, 1 << 14},
    {TABLE_UTF8, 1 << 19},
    {TABLE_SRC_RHS_IS_FILE, 1 << 21},
};

int proxy_flags_to_wire(int flags)
{
    int wire = 0;

    for (size_t i = 0; i < ARRAY_SIZE(wire_flags); i++)
        if ((flags & wire_flags[i].flag) != 0)
            wire |= wire_flags[i].wire;
    return wire;
}

int proxy_flags_from_wire(int wire)
{
    int flags = 0;

    for (size_t i = 0; i < ARRAY_SIZE(wire_flags); i++)
        if ((wire & wire_flags[i].wire) != 0)
            flags |= wire_flags[i].flag;
    return flags;
}

const struct table_type *proxy_instead(const struct table_type *type, int flags)
{
    bool is_remote = is_used && (flags & TABLE_NO_PROXY) == 0;

    return (type->traits & TYPE_BLOCKS) == 0 || is_remote ? type : types_direct(type);
}

/* --- opening --- */

/* Whole keys only, as in unionmap and pipemap if all of their parts are so? The table is far away, so
 * this is read off its name. */
static bool is_pattern(const char *name)
{
    const char *colon = strchr(name, ':'), *ignored;
    const struct table_type *type = colon == NULL ? NULL : types_find(name, (size_t) (colon - name));
    bool is = type != NULL;

    if (type == NULL || (type->traits & TYPE_PATTERN) != 0)
        return is;
    if (type->ops != &unionmap_ops && type->ops != &pipemap_ops)
        return false;
    char *copy = mem_strdup(colon + 1), *parts = words_unbrace(copy, &ignored);
    for (char *part; parts != NULL && (part = words_next_braced(&parts, WORDS_LIST)) != NULL;)
        is = is && is_pattern(part);
    mem_free(copy);
    return is;
}

/* False: why. A table that is opened here says by itself what is wrong with it. */
static bool is_name_good(const struct table *t, const char *name, bool is_direct, struct str *why)
{
    const char *colon = strchr(name, ':');
    bool is_bad = strncmp(name, "proxy:", strlen("proxy:")) == 0 || (!is_direct && colon == NULL);
    bool is_unknown = is_direct && name == t->full_name; /* it blocks, and this program has no operations for it */

    if (is_bad)
        str_setf(why, "bad syntax: \"%s\"; need \"proxy:type:name\"", t->full_name);
    else if (is_unknown || (!is_direct && types_find(name, (size_t) (colon - name)) == NULL))
        str_setf(why, "unsupported dictionary type: %.*s", (int) (colon - name), name);
    else
        return true;
    return false;
}

static bool proxy_open(struct table *t, struct str *why)
{
    bool has_prefix = strncmp(t->full_name, "proxy:", strlen("proxy:")) == 0;
    bool is_direct = !is_used || (t->flags & TABLE_NO_PROXY) != 0;
    struct proxied *p = t->state = mem_zalloc(sizeof(*p));

    p->name = has_prefix ? t->name : t->full_name;
    p->wire_flags = proxy_flags_to_wire(t->flags & ~TABLE_FOLD); /* the key comes to us folded */
    p->for_writing = (t->flags & TABLE_WRITE) != 0;
    if (!is_name_good(t, p->name, is_direct, why))
        return false;
    if (!is_direct) {
        t->traits |= is_pattern(p->name) ? TYPE_PATTERN : 0;
        return true;
    }
    parts_open_one(t);
    p->direct = t->state;
    t->state = p;
    return true;
}

static void proxy_close(struct table *t)
{
    struct proxied *p = t->state;

    table_close(p->direct);
    mem_free(p);
}

/* --- asking --- */

/* "request", "table", "flags"; more may follow before its end. */
static void begin(const struct proxied *p, const char *what, struct str *request)
{
    attr_put(request, "request", what);
    attr_put(request, "table", p->name);
    attr_put_long(request, "flags", p->wire_flags);
}

/* The status; what is wrong was logged. The list's texts lie in reply. */
static enum proxy_status ask(const struct proxied *p, const char *what, struct str *request, struct str *reply,
    struct attrs *list)
{
    const char *service = p->for_writing ? conf.proxywrite_service_name : conf.proxymap_service_name;

    attr_end(request);
    if (!proxy_client_ask(p->for_writing, request, reply))
        return PROXY_RETRY;
    const char *cursor = str_text(reply);
    if (!attrs_parse(&cursor, cursor + reply->len, list))
        *list = (struct attrs){0};
    long status = attrs_long(list, "status", PROXY_BAD);
    if (status >= PROXY_OK && status <= PROXY_RETRY)
        return (enum proxy_status) status;
    if (status == PROXY_DENY)
        log_warn(p->for_writing ? "%s update access is not configured for table \"%s\""
                                : "%s service is not configured for table \"%s\"", service, p->name);
    else
        log_warn("%s %s failed for table \"%s\": invalid request", service, what, p->name);
    return PROXY_RETRY;
}

static enum table_result result_of(enum proxy_status status)
{
    if (status == PROXY_OK)
        return TABLE_FOUND;
    return status == PROXY_NOKEY ? TABLE_ABSENT : TABLE_ERROR;
}

static enum table_result proxy_find(struct table *t, const char *key, size_t len, struct str *value)
{
    const struct proxied *p = t->state;
    struct str request = {0}, reply = {0};
    struct attrs list;

    (void) len;
    if (p->direct != NULL)
        return table_find(p->direct, key, value);
    begin(p, "lookup", &request);
    attr_put(&request, "key", key);
    enum table_result result = result_of(ask(p, "lookup", &request, &reply, &list));
    if (result == TABLE_FOUND)
        str_adds(value, attrs_text(&list, "value", ""));
    str_done(&request);
    str_done(&reply);
    return result;
}

static enum table_put proxy_put(struct table *t, const char *key, const char *value, bool is_bare)
{
    const struct proxied *p = t->state;
    struct str request = {0}, reply = {0};
    struct attrs list;

    if (p->direct != NULL)
        return is_bare ? table_put_bare(p->direct, key, value) : table_put(p->direct, key, value);
    begin(p, "update", &request);
    attr_put(&request, "key", key);
    attr_put(&request, "value", value);
    enum proxy_status status = ask(p, "update", &request, &reply, &list);
    str_done(&request);
    str_done(&reply);
    return status == PROXY_OK ? TABLE_STORED : TABLE_FAILED;
}

static enum table_put proxy_sync(struct table *t)
{
    const struct proxied *p = t->state;

    return p->direct == NULL ? TABLE_STORED : table_sync(p->direct);
}

static enum table_result proxy_remove(struct table *t, const char *key, size_t len)
{
    const struct proxied *p = t->state;
    struct str request = {0}, reply = {0};
    struct attrs list;

    (void) len;
    if (p->direct != NULL)
        return table_delete(p->direct, key);
    begin(p, "delete", &request);
    attr_put(&request, "key", key);
    enum table_result result = result_of(ask(p, "delete", &request, &reply, &list));
    str_done(&request);
    str_done(&reply);
    return result;
}

static enum table_result proxy_next(struct table *t, bool from_start, struct str *key, struct str *value)
{
    const struct proxied *p = t->state;
    struct str request = {0}, reply = {0};
    struct attrs list;

    if (p->direct != NULL)
        return table_next(p->direct, from_start, key, value);
    begin(p, "sequence", &request);
    attr_put_long(&request, "function", from_start ? 0 : 1);
    enum table_result result = result_of(ask(p, "sequence", &request, &reply, &list));
    if (result == TABLE_FOUND) {
        str_adds(key, attrs_text(&list, "key", ""));
        str_adds(value, attrs_text(&list, "value", ""));
    }
    str_done(&request);
    str_done(&reply);
    return result;
}

const struct type_ops proxy_ops = {.open = proxy_open,
    .close = proxy_close,
    .find = proxy_find,
    .put = proxy_put,
    .sync = proxy_sync,
    .remove = proxy_remove,
    .next = proxy_next};
